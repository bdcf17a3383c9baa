-- More like these, less like those: steer a search with examples (Rocchio 1971), as one does after a first look at the list.
-- Change: positive and negative (tile_id), and negative_weight, 0 to 1: how strongly the negative ones push away.
WITH examples AS (
    SELECT (array_agg(t.tile_id ORDER BY t.tile_id))[1:3] AS liked, (array_agg(t.tile_id ORDER BY t.tile_id DESC))[1:2] AS disliked
    FROM terrakin.tiles AS t
)
SELECT s.rank, s.tile_id, s.city, s.similarity, s.similarity - avg_disliked.similarity AS liked_more_by
FROM examples AS e
CROSS JOIN LATERAL api.similar_to_examples(e.liked, negative => e.disliked, negative_weight => 0.3, k => 10) AS s
CROSS JOIN LATERAL (
    SELECT avg(api.similarity(s.tile_id, d)) AS similarity
    FROM unnest(e.disliked) AS d
) AS avg_disliked
ORDER BY s.rank;
