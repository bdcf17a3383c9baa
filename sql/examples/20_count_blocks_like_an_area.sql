-- How many blocks of each city look like an area? Of the 1,000 blocks most similar to it, those that lie in each city.
-- n_matches: blocks among the 1,000; area_km2: what they cover (a block has 0.1024 km2); least_similarity: of the last one.
-- Change: the area (any polygon, EPSG:4326; here 500 m around the first block), and k or min_similarity.
WITH area AS (
    SELECT ST_Buffer(b.location::geography, 500)::geometry AS shape
    FROM api.block_overview AS b
    ORDER BY b.block_id
    LIMIT 1
)
SELECT s.city, s.country_code, count(*) AS n_matches, round(count(*) * 0.1024, 2) AS area_km2,
    min(s.similarity) AS least_similarity
FROM area AS a
CROSS JOIN LATERAL api.similar_to_area(
    a.shape, k => 1000, unit => 'block', max_per_tile => 49, exclude_same_city => false
) AS s
GROUP BY s.city_id, s.city, s.country_code
ORDER BY n_matches DESC, s.city;
