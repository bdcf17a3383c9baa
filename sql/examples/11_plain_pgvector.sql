-- How do I search with plain pgvector, without the functions of schema api? Without an index every tile is compared.
-- `terrakin db index --hnsw` builds HNSW indexes for such queries (the functions do not use them). With them three things matter:
-- 1. hnsw.iterative_scan: without it, filters leave almost none of the first candidates of the index;
-- 2. the indexed expression, embedding_mean::halfvec(768), ascending by <=>, with a query vector that is a single value
--    (a constant, or a subquery as here), not the column of a join;
-- 3. more candidates inside than wanted, ranked again on the full vectors outside.
-- Change: the tile (here the first). SET lasts for the session.
SET hnsw.iterative_scan = relaxed_order;
SET hnsw.ef_search = 200;
SELECT c.tile_id, c.city_id,
    1 - (c.embedding_mean <=> (SELECT q.embedding_mean FROM terrakin.tiles AS q ORDER BY q.tile_id LIMIT 1)) AS similarity
FROM (
    SELECT t.tile_id, t.city_id, t.embedding_mean
    FROM terrakin.tiles AS t
    WHERE t.city_id <> (SELECT q.city_id FROM terrakin.tiles AS q ORDER BY q.tile_id LIMIT 1)
    ORDER BY t.embedding_mean::halfvec(768)
        <=> (SELECT q.embedding_mean::halfvec(768) FROM terrakin.tiles AS q ORDER BY q.tile_id LIMIT 1)
    LIMIT 60
) AS c
ORDER BY similarity DESC, c.tile_id
LIMIT 20;
