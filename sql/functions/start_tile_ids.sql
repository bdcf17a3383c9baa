-- requires: functions/start_tile_id.sql
-- requires: internal/start_candidates.sql
CREATE OR REPLACE FUNCTION api.start_tile_ids(k integer DEFAULT 4)
RETURNS bigint[]
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
DECLARE
    start_id constant bigint := api.start_tile_id();
    -- Of the origin of the start tile, with a picture, and with a match at least half as similar as its own.
    candidates jsonb;
    embeddings vector[];
    chosen integer[];
    next_one integer;
BEGIN
    SELECT jsonb_agg(jsonb_build_object(
        'tile_id', c.tile_id, 'continent', c.continent, 'is_whole', c.valid_share >= 0.95
    ) ORDER BY c.tile_id),
        array_agg(c.embedding ORDER BY c.tile_id)
    INTO candidates, embeddings
    FROM internal.start_candidates() AS c
    JOIN internal.start_candidates() AS s ON s.tile_id = start_id
    WHERE c.is_synthetic = s.is_synthetic AND c.similarity >= s.similarity / 2
        AND (c.n_bytes IS NOT NULL OR c.tile_id = start_id);
    SELECT ARRAY[c.number::integer]
    INTO chosen
    FROM jsonb_array_elements(candidates) WITH ORDINALITY AS c(candidate, number)
    WHERE (c.candidate ->> 'tile_id')::bigint = start_id;
    WHILE cardinality(chosen) <= k LOOP
        SELECT c.number
        INTO next_one
        FROM jsonb_array_elements(candidates) WITH ORDINALITY AS c(candidate, number)
        CROSS JOIN LATERAL (
            SELECT max(1 - (embeddings[c.number] <=> embeddings[o.number])) AS similarity,
                bool_or(candidates -> (o.number - 1) ->> 'continent' = c.candidate ->> 'continent') AS is_known
            FROM unnest(chosen) AS o(number)
        ) AS nearest
        WHERE c.number <> ALL (chosen)
        ORDER BY nearest.is_known, NOT (c.candidate -> 'is_whole')::boolean, nearest.similarity, c.number
        LIMIT 1;
        EXIT WHEN next_one IS NULL;
        chosen := chosen || next_one;
    END LOOP;
    RETURN ARRAY(
        SELECT (candidates -> (c.number - 1) ->> 'tile_id')::bigint
        FROM unnest(chosen[2:]) WITH ORDINALITY AS c(number, place)
        ORDER BY c.place
    );
END;
$$;

COMMENT ON FUNCTION api.start_tile_ids IS
'Return up to k tiles to start from beside api.start_tile_id(), in the order in which they are offered: each has a
picture and a match in another city that is at least half as similar as that of the first, lies where possible in a
continent of its own, has a whole picture where possible, and is as unlike the earlier ones as possible.';
