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
'How much each dimension of the embedding says where rather than what, the excluded ones first: Moran''s I inside cities, and R2 of its prediction from position. No row until terrakin etl bias has measured it.';
