CREATE TYPE internal.city_range AS (
    after_country_number integer,
    after_city_id bigint,
    before_country_number integer,
    before_city_id bigint
);

COMMENT ON TYPE internal.city_range IS
'Cities between two cities in the order of the index of a list: by country_number, then city_id. The two are not among them.';
