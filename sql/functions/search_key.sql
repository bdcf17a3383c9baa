DROP FUNCTION IF EXISTS api.search_key(text);

CREATE FUNCTION api.search_key(name text)
RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
    -- NFKD takes accents off as characters of their own (U+0300 to U+036F); letters with a stroke have none to take off.
    SELECT btrim(regexp_replace(
        translate(
            replace(replace(replace(
                lower(regexp_replace(normalize(name, NFKD), U&'[\0300-\036F''\2019\02BC\02BB.]', '', 'g')),
                'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'),
            'øłđðıħ', 'olddih'
        ),
        '[^[:alnum:]]+', ' ', 'g'
    ));
$$;

COMMENT ON FUNCTION api.search_key IS
'A name as it is compared in a search box: lower case, without accents (as the extension unaccent would, which a database owner '
'may not be allowed to make), apostrophes and full stops dropped, everything else that is no letter or digit one space.';
