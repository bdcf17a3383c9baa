CREATE OR REPLACE FUNCTION internal.search_key(name text)
RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
    -- NFKD splits accents off as characters (U+0300 to U+036F). Letters with a stroke do not decompose. The collation
    -- tells what is a letter, and its lower case, whatever the locale of the database: C knows only English letters.
    SELECT btrim(regexp_replace(
        translate(
            replace(replace(replace(
                lower(regexp_replace(normalize(name, NFKD) COLLATE "und-x-icu", E'[\u0300-\u036F''\u2019\u02BC\u02BB.]', '', 'g')),
                'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'),
            'øłđðıħ', 'olddih'
        ),
        '[^[:alnum:]]+', ' ', 'g'
    ));
$$;

COMMENT ON FUNCTION internal.search_key IS
'Return a name in the form that api.search_cities compares: lower case, without accents, apostrophes and full stops,
anything else that is not a letter or digit as one space. Replaces the extension unaccent, which a database owner may
not be allowed to create.';
