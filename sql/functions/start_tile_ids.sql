-- requires: internal/start_candidates.sql
CREATE OR REPLACE FUNCTION api.start_tile_ids(k integer DEFAULT 4)
RETURNS bigint[]
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
DECLARE
    tile_ids bigint[];
    continents text[];
    is_whole boolean[];
    embeddings vector[];
    -- Positions in these arrays; the first is that of api.start_tile_id().
    chosen integer[] := ARRAY[1];
    next_one integer;
BEGIN
    SELECT array_agg(c.tile_id), array_agg(c.continent), array_agg(c.valid_share >= 0.95), array_agg(c.embedding)
    INTO tile_ids, continents, is_whole, embeddings
    FROM (
        SELECT s.*, s.number = 1 AS is_first, first_value(s.is_synthetic) OVER w AS is_start_synthetic,
            first_value(s.similarity) OVER w AS start_similarity
        FROM internal.start_candidates() WITH ORDINALITY AS s(
            tile_id, continent, is_synthetic, valid_share, n_bytes, embedding, similarity, number
        )
        WINDOW w AS (ORDER BY s.number)
        ORDER BY s.number
    ) AS c
    WHERE c.is_first OR (
        c.is_synthetic = c.is_start_synthetic AND c.similarity >= c.start_similarity / 2 AND c.n_bytes IS NOT NULL
    );
    WHILE cardinality(chosen) <= k LOOP
        SELECT c.number
        INTO next_one
        FROM generate_subscripts(tile_ids, 1) AS c(number)
        CROSS JOIN LATERAL (
            SELECT max(1 - (embeddings[c.number] <=> embeddings[o.number])) AS similarity,
                bool_or(continents[o.number] = continents[c.number]) AS is_known
            FROM unnest(chosen) AS o(number)
        ) AS nearest
        WHERE c.number <> ALL (chosen)
        ORDER BY nearest.is_known, NOT is_whole[c.number], nearest.similarity, c.number
        LIMIT 1;
        EXIT WHEN next_one IS NULL;
        chosen := chosen || next_one;
    END LOOP;
    RETURN ARRAY(
        SELECT tile_ids[c.number] FROM unnest(chosen[2:]) WITH ORDINALITY AS c(number, place) ORDER BY c.place
    );
END;
$$;

COMMENT ON FUNCTION api.start_tile_ids IS
'Return up to k tiles to start from beside api.start_tile_id(), in the order in which they are offered: each has a
picture and a match in another city that is at least half as similar as that of the first, lies where possible in a
continent of its own, has a whole picture where possible, and is as unlike the earlier ones as possible.';
