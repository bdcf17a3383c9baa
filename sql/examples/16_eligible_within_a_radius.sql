-- How many tiles lie within a radius of a place, and how many remain if that neighbourhood is left out of a search?
-- radius_m: geodesic metres. n_within: tiles whose centres are at most that far away. n_eligible: all others, which
-- exclude_within_m => radius_m leaves (with exclude_same_city => false, origin => 'any'). 20,100 km is the whole Earth.
-- Change: the place (here the first tile) and the radii.
WITH place AS (
    SELECT t.location
    FROM terrakin.tiles AS t
    ORDER BY t.tile_id
    LIMIT 1
),
tile AS (
    SELECT ST_Distance(t.location, p.location) AS distance_m
    FROM terrakin.tiles AS t
    CROSS JOIN place AS p
)
SELECT r.radius_m,
    count(*) FILTER (WHERE t.distance_m <= r.radius_m) AS n_within,
    count(*) FILTER (WHERE t.distance_m > r.radius_m) AS n_eligible
FROM (VALUES (10000), (50000), (100000), (1000000), (5000000), (20100000)) AS r (radius_m)
CROSS JOIN tile AS t
GROUP BY r.radius_m
ORDER BY r.radius_m;
