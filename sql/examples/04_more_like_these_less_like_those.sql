-- Which tiles are like these and unlike those? Refines a search with good and bad examples (Rocchio 1971).
-- Change: positive and negative (tile_id), and negative_weight, 0 to 1: how strongly the negative tiles count.
-- similarity: with the refined query; it decides the rank. similarity_to_liked, similarity_to_disliked: mean
-- similarity with the positive and with the negative tiles. Compare them with those at negative_weight => 0.
WITH examples AS (
    SELECT
        (array_agg(t.tile_id ORDER BY t.tile_id))[1:3] AS liked,
        (array_agg(t.tile_id ORDER BY t.tile_id DESC))[1:2] AS disliked
    FROM terrakin.tiles AS t
)
SELECT s.rank, s.tile_id, s.city, s.similarity,
    (SELECT avg(api.similarity(s.tile_id, l)) FROM unnest(e.liked) AS l) AS similarity_to_liked,
    (SELECT avg(api.similarity(s.tile_id, d)) FROM unnest(e.disliked) AS d) AS similarity_to_disliked
FROM examples AS e
CROSS JOIN LATERAL api.similar_to_examples(e.liked, negative => e.disliked, negative_weight => 0.3, k => 10) AS s
ORDER BY s.rank;
