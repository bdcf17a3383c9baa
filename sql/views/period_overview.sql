-- requires: internal/period_text.sql
CREATE OR REPLACE VIEW api.period_overview AS
SELECT m.city_id, c.name AS city, m.period, m.is_date_known, internal.period_text(m.period, m.is_date_known) AS period_text,
    count(*) AS n_tiles
FROM terrakin.composites AS m
JOIN terrakin.cities AS c ON c.city_id = m.city_id
JOIN terrakin.tiles AS t ON t.composite_id = m.composite_id
GROUP BY m.composite_id, c.city_id;

COMMENT ON VIEW api.period_overview IS
'Periods of which a city has tiles. api.changes compares two of known date: join a city_id with itself.';
COMMENT ON COLUMN api.period_overview.city_id IS 'Key of the city.';
COMMENT ON COLUMN api.period_overview.city IS 'English name of the city.';
COMMENT ON COLUMN api.period_overview.period IS 'Dates (UTC) of the composite; nominal if is_date_known is false.';
COMMENT ON COLUMN api.period_overview.is_date_known IS 'False if the source of the pixels gives no date.';
COMMENT ON COLUMN api.period_overview.period_text IS 'First and last day, 2024-06-01/2024-08-31, or ''date unknown''.';
COMMENT ON COLUMN api.period_overview.n_tiles IS 'Number of tiles of the city in this period.';
