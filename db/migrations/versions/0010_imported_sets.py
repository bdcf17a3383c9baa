"""Add imported sets: embeddings that other people published."""

from alembic import op

revision = "0010"
down_revision = "0009"

UPGRADE = """
    CREATE TABLE terrakin.imported_sets (
        imported_set_id INTEGER GENERATED ALWAYS AS IDENTITY,
        name TEXT NOT NULL,
        layout TEXT NOT NULL,
        decoding TEXT NOT NULL,
        dimension INTEGER NOT NULL,
        post_processing TEXT NOT NULL,
        mean VECTOR,
        weights VECTOR,
        size_m REAL,
        source JSONB NOT NULL,
        is_complete BOOLEAN DEFAULT false NOT NULL,
        made_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT pk_imported_sets PRIMARY KEY (imported_set_id),
        CONSTRAINT uq_imported_sets_name UNIQUE (name),
        CONSTRAINT ck_imported_sets_name CHECK (name ~ '^[a-z0-9][a-z0-9_-]{0,59}$' AND name NOT IN ('tile', 'block')),
        CONSTRAINT ck_imported_sets_post_processing CHECK (post_processing IN ('none', 'centred', 'standardised')),
        CONSTRAINT ck_imported_sets_dimension CHECK (dimension BETWEEN 1 AND 16000)
    );
    CREATE TABLE terrakin.imported_files (
        imported_set_id INTEGER NOT NULL,
        sha256 TEXT NOT NULL,
        name TEXT NOT NULL,
        n_items BIGINT NOT NULL,
        n_without_vector BIGINT NOT NULL,
        imported_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT pk_imported_files PRIMARY KEY (imported_set_id, sha256),
        CONSTRAINT fk_imported_files_imported_set_id_imported_sets FOREIGN KEY (imported_set_id)
            REFERENCES terrakin.imported_sets (imported_set_id) ON DELETE CASCADE
    );
    CREATE TABLE terrakin.imported_items (
        imported_set_id INTEGER NOT NULL,
        item_id BIGINT NOT NULL,
        source_id TEXT,
        observed_at TIMESTAMP WITH TIME ZONE,
        geometry GEOMETRY(GEOMETRY, 4326) NOT NULL,
        location GEOMETRY(POINT, 4326) NOT NULL,
        place_id BIGINT NOT NULL,
        country_code TEXT,
        country_number INTEGER NOT NULL,
        properties JSONB NOT NULL,
        embedding VECTOR NOT NULL,
        CONSTRAINT pk_imported_items PRIMARY KEY (imported_set_id, item_id),
        CONSTRAINT fk_imported_items_imported_set_id_imported_sets FOREIGN KEY (imported_set_id)
            REFERENCES terrakin.imported_sets (imported_set_id) ON DELETE CASCADE
    );
    ALTER TABLE terrakin.imported_items ALTER COLUMN embedding SET STORAGE EXTERNAL;
    ALTER TABLE terrakin.embedding_sets DROP CONSTRAINT ck_embedding_sets_unit;
    ALTER TABLE terrakin.concepts DROP CONSTRAINT ck_concepts_unit;
    ALTER TABLE terrakin.country_outlines ADD COLUMN code TEXT;
    ALTER TABLE terrakin.country_outlines ADD COLUMN continent TEXT;
    ALTER TABLE terrakin.country_outlines ADD COLUMN country_number INTEGER GENERATED ALWAYS AS (
        CASE continent
            WHEN 'Africa' THEN 1 WHEN 'Antarctica' THEN 2 WHEN 'Asia' THEN 3
            WHEN 'Europe' THEN 4 WHEN 'North America' THEN 5 WHEN 'Oceania' THEN 6
            WHEN 'South America' THEN 7
        END * 65536 + ascii(code) * 256 + ascii(substr(code, 2))
    ) STORED;
"""
COMMENTS = """
    COMMENT ON TABLE terrakin.imported_sets IS 'Sets of embeddings that were imported from files.';
    COMMENT ON COLUMN terrakin.imported_sets.imported_set_id IS 'Key.';
    COMMENT ON COLUMN terrakin.imported_sets.name IS 'Name, which searches take as their unit: small letters, digits, - and _.';
    COMMENT ON COLUMN terrakin.imported_sets.layout IS 'Layout of the files: see terrakin sets import --help.';
    COMMENT ON COLUMN terrakin.imported_sets.decoding IS 'How numbers in the files became vectors.';
    COMMENT ON COLUMN terrakin.imported_sets.dimension IS 'Number of numbers in a vector.';
    COMMENT ON COLUMN terrakin.imported_sets.post_processing IS 'What searches compare: none (unit vectors), centred (minus their mean) or standardised (also divided by the standard deviation of each number).';
    COMMENT ON COLUMN terrakin.imported_sets.mean IS 'Mean of the unit vectors; zeros without centring; NULL before the set is complete.';
    COMMENT ON COLUMN terrakin.imported_sets.weights IS 'What each number is multiplied by after centring: ones unless standardised; NULL before the set is complete.';
    COMMENT ON COLUMN terrakin.imported_sets.size_m IS 'Side in metres of the area that a vector of a point describes; NULL for polygons.';
    COMMENT ON COLUMN terrakin.imported_sets.source IS 'What the files say: model, licence, attribution and the like.';
    COMMENT ON COLUMN terrakin.imported_sets.is_complete IS 'False while files are being imported: the set is searched once it is complete.';
    COMMENT ON COLUMN terrakin.imported_sets.made_at IS 'When it was begun.';
    COMMENT ON TABLE terrakin.imported_files IS 'Files of the imported sets: those that an interrupted import has done already.';
    COMMENT ON COLUMN terrakin.imported_files.imported_set_id IS 'The set.';
    COMMENT ON COLUMN terrakin.imported_files.sha256 IS 'SHA-256 of the file, by which it is known when it comes again.';
    COMMENT ON COLUMN terrakin.imported_files.name IS 'Name of the file, without its folder.';
    COMMENT ON COLUMN terrakin.imported_files.n_items IS 'Number of items that were imported from it.';
    COMMENT ON COLUMN terrakin.imported_files.n_without_vector IS 'Number of rows without a vector, which were left out.';
    COMMENT ON COLUMN terrakin.imported_files.imported_at IS 'When it was imported.';
    COMMENT ON TABLE terrakin.imported_items IS 'Items of the imported sets, with their source vectors.';
    COMMENT ON COLUMN terrakin.imported_items.imported_set_id IS 'The set.';
    COMMENT ON COLUMN terrakin.imported_items.item_id IS 'Number of the item in its set, from 1.';
    COMMENT ON COLUMN terrakin.imported_items.source_id IS 'Id in the file; NULL if it has none, and not always unique.';
    COMMENT ON COLUMN terrakin.imported_items.observed_at IS 'Date (UTC) of the imagery, as in the file; NULL if unknown.';
    COMMENT ON COLUMN terrakin.imported_items.geometry IS 'What the vector describes, EPSG:4326: a polygon, or a point.';
    COMMENT ON COLUMN terrakin.imported_items.location IS 'Centre of the geometry, EPSG:4326.';
    COMMENT ON COLUMN terrakin.imported_items.place_id IS 'City whose extent contains the centre; without one, the number of its 50 km cell, below -1000000000000. Searches use it as the city_id.';
    COMMENT ON COLUMN terrakin.imported_items.country_code IS 'Country whose outline contains the centre; NULL at sea.';
    COMMENT ON COLUMN terrakin.imported_items.country_number IS 'country_number of that country; 0 at sea.';
    COMMENT ON COLUMN terrakin.imported_items.properties IS 'The other columns of the file.';
    COMMENT ON COLUMN terrakin.imported_items.embedding IS 'The vector as in the file, decoded and not scaled.';
    COMMENT ON COLUMN terrakin.embedding_sets.unit IS 'What the vectors describe: tile (2,240 m), block (320 m), or items of the imported set of this name.';
    COMMENT ON COLUMN terrakin.embedding_sets.method IS 'Aggregation of the patches: mean, dominant, median, min, max, std or mean_std. Of an imported set: imported.';
    COMMENT ON TABLE terrakin.embedding_keys IS 'Vectors of tiles, blocks and items in the form that searches compare, one partition per set. Rows of a fitted set lie in the order of list, country and city.';
    COMMENT ON COLUMN terrakin.embedding_keys.item_id IS 'tile_id, block_id (see api.block_cell), or item_id of an imported set.';
    COMMENT ON COLUMN terrakin.embedding_keys.city_id IS 'City that the item belongs to; of an imported item without one, its cell: imported_items.place_id.';
    COMMENT ON COLUMN terrakin.concepts.positive IS 'Examples: tile_id, block_id or item_id of an imported set.';
    COMMENT ON COLUMN terrakin.concepts.n_random_negatives IS 'Number of tiles, blocks or items drawn at random that stood for negative examples.';
    COMMENT ON COLUMN terrakin.concepts.unit IS 'What it describes: tile, block, or items of the imported set of this name.';
    COMMENT ON COLUMN terrakin.country_outlines.code IS 'ISO 3166-1 alpha-2 code; NULL where there is none.';
    COMMENT ON COLUMN terrakin.country_outlines.continent IS 'Continent according to GeoNames, in English; NULL without a code.';
    COMMENT ON COLUMN terrakin.country_outlines.country_number IS 'As in terrakin.countries; NULL without a code.';
"""
DOWNGRADE = """
    DROP VIEW IF EXISTS api.concept_overview, api.imported_overview;
    ALTER TABLE terrakin.country_outlines DROP COLUMN country_number, DROP COLUMN code, DROP COLUMN continent;
    DELETE FROM terrakin.concepts WHERE unit NOT IN ('tile', 'block');
    DELETE FROM terrakin.embedding_sets WHERE unit NOT IN ('tile', 'block');
    ALTER TABLE terrakin.concepts ADD CONSTRAINT ck_concepts_unit CHECK (unit IN ('tile', 'block'));
    ALTER TABLE terrakin.embedding_sets ADD CONSTRAINT ck_embedding_sets_unit CHECK (unit IN ('tile', 'block'));
    DROP TABLE terrakin.imported_items, terrakin.imported_files, terrakin.imported_sets CASCADE;
"""


def upgrade() -> None:
    op.execute(UPGRADE)
    op.execute(COMMENTS)


def downgrade() -> None:
    op.execute(DOWNGRADE)
