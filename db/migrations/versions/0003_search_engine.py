"""Keep the vectors that searches compare as keys in inverted lists, and no neighbours."""

from alembic import op

revision = "0003"
down_revision = "0002"

UPGRADE = """
    ALTER TABLE terrakin.etl_tasks DROP CONSTRAINT ck_etl_tasks_stage;
    ALTER TABLE terrakin.etl_tasks ADD CONSTRAINT ck_etl_tasks_stage
        CHECK (stage IN ('composite', 'embed', 'aggregate', 'blocks', 'load', 'thumbnail'));
    DROP TABLE terrakin.tile_neighbours;
    DROP INDEX IF EXISTS terrakin.ix_tiles_embedding_mean_hnsw, terrakin.ix_tiles_embedding_dominant_hnsw;

    CREATE TABLE terrakin.embedding_sets (
        set_id integer GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_embedding_sets PRIMARY KEY,
        unit text NOT NULL CONSTRAINT ck_embedding_sets_unit CHECK (unit IN ('tile', 'block')),
        method text NOT NULL,
        is_current boolean NOT NULL DEFAULT true,
        max_compared integer NOT NULL CONSTRAINT ck_embedding_sets_max_compared CHECK (max_compared > 0),
        kept_share real NOT NULL DEFAULT 1
            CONSTRAINT ck_embedding_sets_kept_share CHECK (kept_share BETWEEN 0 AND 1),
        post_processing_version text,
        fitted_at timestamptz
    );
    CREATE UNIQUE INDEX uq_embedding_sets_unit_method ON terrakin.embedding_sets (unit, method) WHERE is_current;

    CREATE TABLE terrakin.embedding_components (
        set_id integer NOT NULL CONSTRAINT fk_embedding_components_set_id
            REFERENCES terrakin.embedding_sets (set_id) ON DELETE CASCADE,
        number integer NOT NULL,
        component vector NOT NULL,
        CONSTRAINT pk_embedding_components PRIMARY KEY (set_id, number)
    );
    ALTER TABLE terrakin.embedding_components ALTER COLUMN component SET STORAGE PLAIN;

    CREATE TABLE terrakin.embedding_lists (
        set_id integer NOT NULL CONSTRAINT fk_embedding_lists_set_id
            REFERENCES terrakin.embedding_sets (set_id) ON DELETE CASCADE,
        list_id integer NOT NULL,
        parent_id integer,
        centroid halfvec NOT NULL,
        CONSTRAINT pk_embedding_lists PRIMARY KEY (set_id, list_id)
    );
    ALTER TABLE terrakin.embedding_lists ALTER COLUMN centroid SET STORAGE PLAIN;

    CREATE TABLE terrakin.embedding_keys (
        item_id bigint NOT NULL,
        city_id bigint NOT NULL,
        list_id integer NOT NULL,
        valid_share real NOT NULL,
        set_id integer NOT NULL,
        location geometry(Point, 4326) NOT NULL,
        key halfvec NOT NULL,
        CONSTRAINT pk_embedding_keys PRIMARY KEY (set_id, item_id)
    ) PARTITION BY LIST (set_id);
    -- Rows are read by the thousand: none of them from TOAST.
    ALTER TABLE terrakin.embedding_keys ALTER COLUMN key SET STORAGE PLAIN;
    CREATE INDEX ix_embedding_keys_list_id_city_id ON terrakin.embedding_keys (list_id, city_id);
    CREATE INDEX ix_embedding_keys_city_id ON terrakin.embedding_keys (city_id);
    CREATE INDEX ix_embedding_keys_location ON terrakin.embedding_keys USING gist (location);

    INSERT INTO terrakin.embedding_sets (unit, method, max_compared)
    VALUES ('tile', 'mean', 5000), ('tile', 'dominant', 5000), ('tile', 'median', 5000), ('tile', 'min', 5000),
        ('tile', 'max', 5000), ('tile', 'std', 5000), ('tile', 'mean_std', 5000), ('block', 'mean', 10000);
    -- A set that was never fitted has one group with one list.
    INSERT INTO terrakin.embedding_lists (set_id, list_id, parent_id, centroid)
    SELECT s.set_id, l.list_id, l.parent_id,
        array_fill(1, ARRAY[CASE s.method WHEN 'mean_std' THEN 1536 ELSE 768 END])::vector::halfvec
    FROM terrakin.embedding_sets AS s
    CROSS JOIN (VALUES (-1, NULL), (0, -1)) AS l(list_id, parent_id);
    DO $$
    DECLARE
        set_id integer;
    BEGIN
        FOR set_id IN SELECT s.set_id FROM terrakin.embedding_sets AS s LOOP
            EXECUTE format(
                'CREATE TABLE terrakin.embedding_keys_%s PARTITION OF terrakin.embedding_keys FOR VALUES IN (%s)', set_id, set_id
            );
        END LOOP;
    END;
    $$;
"""
COMMENTS = """
    COMMENT ON TABLE terrakin.embedding_sets IS
        'Sets of keys that can be searched: one current set per unit and aggregation.';
    COMMENT ON COLUMN terrakin.embedding_sets.set_id IS
        'Key.';
    COMMENT ON COLUMN terrakin.embedding_sets.unit IS
        'What the vectors describe: tile (2,240 m) or block (320 m).';
    COMMENT ON COLUMN terrakin.embedding_sets.method IS
        'Aggregation of the patches: mean, dominant, median, min, max, std or mean_std.';
    COMMENT ON COLUMN terrakin.embedding_sets.is_current IS
        'False for a set that a refit replaced; the next run of terrakin db index drops it.';
    COMMENT ON COLUMN terrakin.embedding_sets.max_compared IS
        'Number of eligible keys that a search compares at most, unless it asks for an exact answer or finds too few matches.';
    COMMENT ON COLUMN terrakin.embedding_sets.kept_share IS
        'Share of the squared length of the vectors that their keys keep; 1 if keys are whole vectors.';
    COMMENT ON COLUMN terrakin.embedding_sets.post_processing_version IS
        'Fingerprint of the post-processing whose vectors components and lists were fitted to; NULL before the first fit.';
    COMMENT ON COLUMN terrakin.embedding_sets.fitted_at IS
        'When components and lists were fitted; NULL if never.';
    COMMENT ON TABLE terrakin.embedding_components IS
        'Principal components that shorten vectors to keys. A set without components has whole vectors as keys.';
    COMMENT ON COLUMN terrakin.embedding_components.set_id IS
        'The set.';
    COMMENT ON COLUMN terrakin.embedding_components.number IS
        'Position of the number in the key, from 1.';
    COMMENT ON COLUMN terrakin.embedding_components.component IS
        'Principal component, of unit length: its inner product with a vector is that number of the key.';
    COMMENT ON TABLE terrakin.embedding_lists IS
        'Inverted lists around k-means centroids, and groups of such lists. A search reads the lists from the nearest centroid outwards.';
    COMMENT ON COLUMN terrakin.embedding_lists.set_id IS
        'The set.';
    COMMENT ON COLUMN terrakin.embedding_lists.list_id IS
        'Key within the set; negative for a group of lists.';
    COMMENT ON COLUMN terrakin.embedding_lists.parent_id IS
        'list_id of the group that the list belongs to; NULL for a group itself.';
    COMMENT ON COLUMN terrakin.embedding_lists.centroid IS
        'Centroid of the keys in the list, of unit length.';
    COMMENT ON TABLE terrakin.embedding_keys IS
        'Vectors of tiles and blocks in the form that searches compare, one partition per set. Rows of a fitted set lie in the order of list and city.';
    COMMENT ON COLUMN terrakin.embedding_keys.item_id IS
        'tile_id, or block_id: see api.block_cell.';
    COMMENT ON COLUMN terrakin.embedding_keys.city_id IS
        'City that the item belongs to.';
    COMMENT ON COLUMN terrakin.embedding_keys.list_id IS
        'List in which the key lies.';
    COMMENT ON COLUMN terrakin.embedding_keys.valid_share IS
        'Share (0..1) of pixels with at least one clear observation.';
    COMMENT ON COLUMN terrakin.embedding_keys.set_id IS
        'Set that the key belongs to: the key of the partition.';
    COMMENT ON COLUMN terrakin.embedding_keys.location IS
        'Centre of the item, EPSG:4326.';
    COMMENT ON COLUMN terrakin.embedding_keys.key IS
        'The vector, or its principal components; compared by cosine (<=>).';
    COMMENT ON COLUMN terrakin.etl_tasks.stage IS
        'composite, embed, aggregate, blocks, load or thumbnail.';
    COMMENT ON TABLE terrakin.tile_aggregates IS
        'Further aggregates of a tile''s patches.';
    COMMENT ON TABLE terrakin.tiles_version IS
        'Version of the set of tiles; api.data_version contains it.';
"""
DOWNGRADE = """
    DELETE FROM terrakin.etl_tasks WHERE stage = 'blocks';
    ALTER TABLE terrakin.etl_tasks DROP CONSTRAINT ck_etl_tasks_stage;
    ALTER TABLE terrakin.etl_tasks ADD CONSTRAINT ck_etl_tasks_stage
        CHECK (stage IN ('composite', 'embed', 'aggregate', 'load', 'thumbnail'));
    DROP VIEW IF EXISTS api.block_overview;
    DROP TABLE terrakin.embedding_keys, terrakin.embedding_lists, terrakin.embedding_components, terrakin.embedding_sets CASCADE;
    CREATE TABLE terrakin.tile_neighbours (
        tile_id bigint CONSTRAINT pk_tile_neighbours PRIMARY KEY CONSTRAINT fk_tile_neighbours_tile_id
            REFERENCES terrakin.tiles (tile_id) ON DELETE CASCADE,
        tiles_version bigint NOT NULL,
        neighbour_tile_ids bigint[] NOT NULL
    );
"""


def upgrade() -> None:
    op.execute(UPGRADE)
    op.execute(COMMENTS)


def downgrade() -> None:
    op.execute(DOWNGRADE)
