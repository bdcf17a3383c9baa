-- requires: internal/n_blocks.sql
-- requires: internal/period_text.sql
CREATE OR REPLACE FUNCTION api.stats()
RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
    WITH city_tiles AS MATERIALIZED (
        SELECT t.city_id, m.is_date_known, t.period, count(*) AS n_tiles
        FROM terrakin.tiles AS t
        JOIN terrakin.composites AS m ON m.composite_id = t.composite_id
        GROUP BY t.city_id, m.is_date_known, t.period
    ),
    placed AS MATERIALIZED (
        SELECT b.city_id, internal.period_text(b.period, b.is_date_known) AS period, b.n_tiles, c.country_code, c.is_synthetic, n.continent
        FROM city_tiles AS b
        JOIN terrakin.cities AS c ON c.city_id = b.city_id
        JOIN terrakin.countries AS n ON n.code = c.country_code
    )
    SELECT jsonb_build_object(
        'n_tiles', coalesce(sum(p.n_tiles), 0),
        'n_synthetic_tiles', coalesce(sum(p.n_tiles) FILTER (WHERE p.is_synthetic), 0),
        'n_cities', count(DISTINCT p.city_id),
        'n_countries', count(DISTINCT p.country_code),
        'n_continents', count(DISTINCT p.continent),
        'n_thumbnails', (SELECT count(*) FROM terrakin.tile_thumbnails),
        'is_synthetic', coalesce(bool_or(p.is_synthetic), false),
        'by_continent', (
            SELECT coalesce(jsonb_agg(to_jsonb(g) ORDER BY g.continent), '[]')
            FROM (
                SELECT o.continent, count(DISTINCT o.city_id) AS n_cities, sum(o.n_tiles) AS n_tiles
                FROM placed AS o
                GROUP BY o.continent
            ) AS g
        ),
        'periods', (
            SELECT coalesce(jsonb_agg(to_jsonb(g) ORDER BY g.period), '[]')
            FROM (
                SELECT o.period, count(DISTINCT o.city_id) AS n_cities, sum(o.n_tiles) AS n_tiles
                FROM placed AS o
                GROUP BY o.period
            ) AS g
        ),
        'by_method', (
            SELECT jsonb_agg(to_jsonb(g) - 'number' ORDER BY g.number)
            FROM (
                SELECT m.number, m.method,
                    CASE
                        WHEN m.method IN ('mean', 'dominant') THEN coalesce(sum(p.n_tiles), 0)
                        ELSE (
                            SELECT count(*)
                            FROM terrakin.tile_aggregates AS a
                            WHERE a.method = CASE m.method WHEN 'mean_std' THEN 'std' ELSE m.method END
                        )
                    END AS n_tiles
                FROM unnest(ARRAY['mean', 'dominant', 'median', 'min', 'max', 'std', 'mean_std'])
                    WITH ORDINALITY AS m(method, number)
            ) AS g
        ),
        'n_blocks', internal.n_blocks(),
        'n_tiles_in_layout', (SELECT count(*) FROM terrakin.tiles AS t WHERE t.umap_x IS NOT NULL)
    )
    FROM placed AS p;
$$;

COMMENT ON FUNCTION api.stats IS
'Return counts of the database as one JSON object: n_tiles, n_blocks, n_synthetic_tiles, n_cities, n_countries,
n_continents (with tiles), n_thumbnails, n_tiles_in_layout, is_synthetic (whether any tile is synthetic), by_continent,
periods (first and last day of the composites, or ''date unknown'') and by_method (tiles that have such a vector).';
