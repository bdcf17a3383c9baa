CREATE OR REPLACE FUNCTION api.spatial_bias()
RETURNS SETOF terrakin.spatial_bias
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
    SELECT b.*
    FROM terrakin.spatial_bias AS b
    ORDER BY b.is_excluded DESC, b.morans_i + coalesce(greatest(b.position_r2, 0), 0) DESC, b.dimension;
$$;

COMMENT ON FUNCTION api.spatial_bias IS
'Return how much each dimension of the embedding encodes location rather than content, excluded dimensions first:
Moran''s I within cities, and R2 of its prediction from location. No row before terrakin etl bias has run.';
