"""``api.similar_blocks`` and the other searches by block, against brute force over the keys in NumPy and PROJ."""

from typing import Any

import numpy as np
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from tests.builders.blocks import N_BLOCKS, Blocks
from tests.builders.lists import split_into_lists
from tests.builders.world import GEOD, World, build_world

N_TILES, N_CITIES = 30, 6
SUMMER, WINTER = "[2024-08-31,2024-12-01)", "[2024-09-01,2024-12-01)"
NORTH = "SRID=4326;POLYGON((-180 0, 180 0, 180 90, -180 90, -180 0))"


@pytest.fixture(scope="module")
def world(module_conn: psycopg.Connection[Any]) -> World:
    world = build_world(module_conn, N_TILES, N_CITIES, seed=5, n_undated=1, with_blocks=True)
    split_into_lists(module_conn, n_lists=40, max_compared=60)
    return world


def blocks_of(world: World) -> Blocks:
    assert world.blocks is not None
    return world.blocks


def search(conn: psycopg.Connection[Any], world: World, row: int, **arguments: object) -> list[dict[str, Any]]:
    named = "".join(f", {name} => %({name})s" for name in arguments)
    cursor = conn.execute(
        f"SELECT * FROM api.similar_blocks(%(block_id)s{named})",  # type: ignore[arg-type] # noqa: S608 our own names
        {"block_id": int(blocks_of(world).ids[row]), **arguments},
    )
    assert cursor.description
    return [dict(zip((c.name for c in cursor.description), found, strict=True)) for found in cursor]


def distance_m(blocks: Blocks, row: int) -> np.ndarray:
    n = len(blocks.ids)
    return np.asarray(GEOD.inv(np.full(n, blocks.lon[row]), np.full(n, blocks.lat[row]), blocks.lon, blocks.lat)[2])


def brute_force(world: World, row: int, arguments: dict[str, Any]) -> list[int]:
    """Return the rows of the true answer, best first."""
    a: dict[str, Any] = {"k": 20, "exclude_same_city": True, "max_per_tile": 1, **arguments}
    blocks = blocks_of(world)
    cities = world.city_ids[blocks.tile_rows]
    similarity = blocks.similarity(row)
    eligible = np.arange(len(blocks.ids)) != row
    if a["exclude_same_city"]:
        eligible &= cities != cities[row]
    if a.get("exclude_within_m"):
        eligible &= distance_m(blocks, row) > a["exclude_within_m"]
    if a.get("within"):
        eligible &= blocks.lat > 0
    if a.get("period"):
        eligible &= world.is_date_known[blocks.tile_rows] & (a["period"] == SUMMER)
    if a.get("min_valid_share") is not None:
        eligible &= blocks.valid_share >= a["min_valid_share"]
    if a.get("min_similarity") is not None:
        eligible &= similarity >= a["min_similarity"]
    per_tile, per_city = np.zeros(N_TILES, int), np.zeros(N_CITIES + 1, int)
    answer = []
    for i in np.flatnonzero(eligible)[np.argsort(-similarity[eligible], kind="stable")]:
        per_tile[blocks.tile_rows[i]] += 1
        if per_tile[blocks.tile_rows[i]] > a["max_per_tile"]:
            continue
        per_city[cities[i]] += 1
        if a.get("max_per_city") is None or per_city[cities[i]] <= a["max_per_city"]:
            answer.append(int(i))
    return answer[: a["k"]]


filters = st.fixed_dictionaries(
    {},
    optional={
        "k": st.integers(0, 100),
        "exclude_same_city": st.booleans(),
        "exclude_within_m": st.sampled_from([500.0, 5_000.0, 3_000_000.0]),
        "max_per_tile": st.sampled_from([1, 2, 49]),
        "max_per_city": st.integers(1, 5),
        "within": st.just(NORTH),
        "period": st.sampled_from([SUMMER, SUMMER, WINTER]),
        "min_valid_share": st.sampled_from([0.75, 0.875, 1.0]),
        "min_similarity": st.sampled_from([-1.0, 0.3, 0.999]),
        "origin": st.sampled_from(["synthetic", "any", "any"]),
    },
)
quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
rows = st.integers(0, N_TILES * N_BLOCKS - 1)


@quick
@given(row=rows, arguments=filters)
def test_the_exact_answer_equals_brute_force(
    module_conn: psycopg.Connection[Any], world: World, row: int, arguments: dict[str, Any]
) -> None:
    blocks, truth = blocks_of(world), brute_force(world, row, arguments)
    answer = search(module_conn, world, row, exact=True, **arguments)
    assert [a["rank"] for a in answer] == list(range(1, len(truth) + 1))
    assert {a["is_exact"] for a in answer} <= {True}
    similarity = blocks.similarity(row)
    np.testing.assert_allclose([a["similarity"] for a in answer], similarity[truth], atol=1e-4)
    found = [int(np.flatnonzero(blocks.ids == a["block_id"])[0]) for a in answer]
    np.testing.assert_allclose(similarity[found], similarity[truth], atol=1e-4)
    metres = distance_m(blocks, row)[found]
    np.testing.assert_allclose([a["distance_m"] for a in answer], metres, rtol=1e-6, atol=1)
    assert [a["tile_id"] for a in answer] == world.tile_ids[blocks.tile_rows[found]].tolist()


@quick
@given(row=rows, arguments=filters)
def test_an_answer_has_all_rows_in_order_and_is_the_exact_one_if_it_is_marked_so(
    module_conn: psycopg.Connection[Any], world: World, row: int, arguments: dict[str, Any]
) -> None:
    answer, truth = search(module_conn, world, row, **arguments), brute_force(world, row, arguments)
    assert len(answer) == len(truth)
    similarities = [a["similarity"] for a in answer]
    assert similarities == sorted(similarities, reverse=True)
    assert len({a["block_id"] for a in answer}) == len(answer)
    if answer and answer[0]["is_exact"]:
        np.testing.assert_allclose(similarities, blocks_of(world).similarity(row)[truth], atol=1e-4)


@pytest.mark.parametrize("exact", [False, True])
def test_a_block_is_found_although_all_better_ones_are_too_near(
    module_conn: psycopg.Connection[Any], world: World, *, exact: bool
) -> None:
    metres = distance_m(blocks_of(world), 0)
    farthest = int(metres.argmax())
    answer = search(module_conn, world, 0, k=1, exclude_within_m=metres[farthest] - 1, exact=exact)
    assert [a["block_id"] for a in answer] == [int(blocks_of(world).ids[farthest])]


@pytest.mark.parametrize(
    ("before", "full_city_ids", "after", "max_compared"),
    [(None, [7], [7], 30), ([7], [7, 8], [7, 7, 8], 30), ([7], [7, 7], [7], 240), ([7], None, [7], 240)],
)
def test_another_round_compares_more_if_no_other_city_is_full(
    conn: psycopg.Connection[Any],
    before: list[int] | None,
    full_city_ids: list[int] | None,
    after: list[int],
    max_compared: int,
) -> None:
    plan = Jsonb({"exclude_city_ids": before, "is_measured": True, "max_compared": 60, "n_compared_before": 0})
    row = conn.execute(
        "SELECT r.exclude_city_ids, r.max_compared FROM jsonb_populate_record(NULL::internal.search_plan, %s) AS p, "
        "internal.next_round(p, %s, 60, NULL) AS r",
        (plan, full_city_ids),
    ).fetchone()
    assert row == (after, max_compared)


@pytest.mark.parametrize(("limit", "compared"), [({}, 30), ({"max_per_city": 5}, 60)])
def test_a_search_stops_when_it_has_compared_enough(
    module_conn: psycopg.Connection[Any], world: World, limit: dict[str, int], compared: int
) -> None:
    answer = search(module_conn, world, 0, k=2, origin="any", **limit)
    assert {(a["compared"], a["is_exact"]) for a in answer} == {(compared, False)}
    n_eligible = int((world.city_ids[blocks_of(world).tile_rows] != world.city_ids[0]).sum())
    answer = search(module_conn, world, 0, k=5, origin="any", exact=True)
    assert {(a["compared"], a["is_exact"]) for a in answer} == {(n_eligible, True)}


def test_few_blocks_in_an_area_are_all_compared(module_conn: psycopg.Connection[Any], world: World) -> None:
    answer = search(module_conn, world, 0, k=5, origin="any", within=NORTH, exclude_same_city=False)
    n_north = int((np.delete(blocks_of(world).lat, 0) > 0).sum())
    assert {(a["compared"], a["is_exact"]) for a in answer} == {(n_north, True)}


def test_an_answer_has_one_block_of_a_tile_unless_more_are_asked_for(
    module_conn: psycopg.Connection[Any], world: World
) -> None:
    for max_per_tile, most in ((None, 1), (1, 1), (3, 3)):
        answer = search(module_conn, world, 0, k=200, max_per_tile=max_per_tile)
        assert max(np.unique([a["tile_id"] for a in answer], return_counts=True)[1]) == most


def test_the_searches_by_position_example_and_area_take_blocks(
    module_conn: psycopg.Connection[Any], world: World
) -> None:
    blocks = blocks_of(world)
    columns = "s.rank, s.block_id, s.similarity"
    at = (float(blocks.lon[100]), float(blocks.lat[100]))
    (block_id,) = module_conn.execute("SELECT block_id FROM api.block_at(%s, %s)", at).fetchone() or (0,)
    expected = module_conn.execute(
        f"SELECT {columns} FROM api.similar_blocks(%s, exact => true) AS s",  # type: ignore[arg-type] # noqa: S608
        (block_id,),
    ).fetchall()
    assert len(expected) == 20
    for call, arguments in (
        ("similar_at(%s, %s", at),
        ("similar_to_examples(ARRAY[%s]::bigint[]", (block_id,)),
        ("similar_to_area(ST_Buffer(ST_Centroid(api.block_footprint(%s))::geography, 50)::geometry", (block_id,)),
    ):
        found = module_conn.execute(
            f"SELECT {columns} FROM api.{call}, unit => 'block', exact => true) AS s",  # type: ignore[arg-type] # noqa: S608
            arguments,
        ).fetchall()
        assert [row[:2] for row in found] == [row[:2] for row in expected], call


def test_the_footprint_of_a_match_is_that_of_its_id(module_conn: psycopg.Connection[Any], world: World) -> None:
    row = module_conn.execute(
        "SELECT bool_and(ST_Equals(s.footprint, api.block_footprint(s.block_id))), count(*) "
        "FROM api.similar_blocks(%s) AS s",
        (int(blocks_of(world).ids[0]),),
    ).fetchone()
    assert row == (True, 20)


def test_a_tile_that_is_deleted_takes_its_blocks_along(module_conn: psycopg.Connection[Any], world: World) -> None:
    with module_conn.transaction(force_rollback=True):
        first = search(module_conn, world, 0, exact=True)[0]
        module_conn.execute("DELETE FROM terrakin.tiles WHERE tile_id = %s", (first["tile_id"],))
        left = search(module_conn, world, 0, k=200, max_per_tile=49, exact=True)
        assert left
        assert first["tile_id"] not in {a["tile_id"] for a in left}


@pytest.mark.parametrize(
    ("call", "error", "value"),
    [
        ("similar_blocks(7)", psycopg.errors.NoDataFound, "block 7"),
        ("similar_blocks(NULL)", psycopg.errors.NoDataFound, "block NULL"),
        ("similar_blocks({tile} << 6 | 50)", psycopg.errors.NoDataFound, "block"),
        ("similar_blocks({block}, method => 'std')", psycopg.errors.InvalidParameterValue, "method 'std'"),
        ("similar_blocks({block}, k => -1)", psycopg.errors.InvalidParameterValue, "k is -1"),
        ("similar_blocks({block}, max_per_tile => 0)", psycopg.errors.InvalidParameterValue, "max_per_tile is 0"),
        ("similar_at(0, -89, unit => 'block')", psycopg.errors.NoDataFound, "no block at lon 0, lat -89"),
        ("similar_at(0, 0, unit => 'blocks')", psycopg.errors.InvalidParameterValue, "unit 'blocks'"),
        ("similar_to_examples(ARRAY[{tile}], unit => 'Block')", psycopg.errors.InvalidParameterValue, "unit 'Block'"),
        ("similar_to_examples(ARRAY[{tile}], unit => 'block')", psycopg.errors.NoDataFound, "block {tile}"),
        (
            "similar_to_area(ST_MakeEnvelope(0, -89.5, 1, -89, 4326), unit => 'block')",
            psycopg.errors.NoDataFound,
            "no block",
        ),
        (
            "similar_to_area(ST_MakeEnvelope(0, -89.5, 1, -89, 4326), unit => NULL)",
            psycopg.errors.InvalidParameterValue,
            "unit NULL",
        ),
    ],
)
def test_an_invalid_argument_raises_with_a_hint(
    module_conn: psycopg.Connection[Any], world: World, call: str, error: type[psycopg.Error], value: str
) -> None:
    names = {"tile": int(world.tile_ids[0]), "block": int(blocks_of(world).ids[0])}
    with pytest.raises(error, match=value.format(**names)) as raised, module_conn.transaction():
        module_conn.execute(f"SELECT * FROM api.{call.format(**names)}")  # type: ignore[arg-type] # noqa: S608
    assert raised.value.diag.message_hint


def test_a_block_of_a_tile_without_blocks_raises_with_the_reason(
    module_conn: psycopg.Connection[Any], world: World
) -> None:
    with module_conn.transaction(force_rollback=True):
        module_conn.execute("DELETE FROM terrakin.embedding_keys WHERE item_id >> 6 = %s", (int(world.tile_ids[0]),))
        with pytest.raises(psycopg.errors.NoDataFound) as raised, module_conn.transaction():
            search(module_conn, world, 0)
    assert "75 %" in (raised.value.diag.message_hint or "")


def test_an_area_of_too_many_blocks_is_refused(module_conn: psycopg.Connection[Any], world: World) -> None:
    """More than 100,000 blocks in a box of one degree; their tile exists."""
    box = "ST_MakeEnvelope(10, 10, 11, 11, 4326)"
    with module_conn.transaction(force_rollback=True):
        module_conn.execute(
            "INSERT INTO terrakin.tiles (tile_id, city_id, composite_id, period, footprint, location, valid_share, "
            "embedding_mean, embedding_dominant, dominant_share) "
            "SELECT -n, city_id, composite_id, period, footprint, location, valid_share, embedding_mean, "
            "embedding_dominant, dominant_share FROM terrakin.tiles, generate_series(1, 2000) AS n WHERE tile_id = %s",
            (int(world.tile_ids[0]),),
        )
        module_conn.execute(
            "INSERT INTO terrakin.embedding_keys "
            "(item_id, city_id, list_id, valid_share, set_id, location, key, country_number) "
            "SELECT (-n << 6) + b, 1, 0, 1, internal.set_id('block', 'mean'), ST_Point(10.5, 10.5, 4326), '[1]', 0 "
            "FROM generate_series(1, 2000) AS n, generate_series(0, 50) AS b"
        )
        with pytest.raises(psycopg.errors.InvalidParameterValue, match="more than 100000 blocks") as raised:
            module_conn.execute(f"SELECT * FROM api.similar_to_area({box}, unit => 'block')")  # type: ignore[arg-type] # noqa: S608
    assert raised.value.diag.message_hint


def test_a_reader_may_not_ask_for_more_than_ten_thousand(module_conn: psycopg.Connection[Any], world: World) -> None:
    with module_conn.transaction(force_rollback=True):
        module_conn.execute("SET LOCAL ROLE terrakin_reader")
        with pytest.raises(psycopg.errors.InvalidParameterValue, match="more than the 10000") as raised:
            search(module_conn, world, 0, k=10_001)
    assert raised.value.diag.message_hint
