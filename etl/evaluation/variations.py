"""Other looks at a sample of the tiles: changed pixels, and other dates, embedded by the database's own encoder."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from etl.cities.grid import TILE_PX, cell_and_month
from etl.encoders.encoder import N_BANDS, Encoder
from etl.encoders.validity import MIN_PATCH_VALID_SHARE, MIN_TILE_VALID_SHARE, patch_valid_share
from etl.evaluation.dataset import CityTiles, Tiles
from etl.evaluation.other_dates import halves
from etl.evaluation.perturbations import GAINS, SHIFT_PX, band_statistics, shift_inwards, with_gain
from etl.stages.embed import BATCH_TILES, read_chips
from etl.store.work_files import COMPOSITE, PATCHES, open_array, read_array
from etl.tasks.city_loop import BarFactory

log = logging.getLogger(__name__)

EARLIER, LATER = "earlier dates", "later dates"
CHANGES = (*(f"gain {gain:g}" for gain in GAINS), f"shift {SHIFT_PX} px")


@dataclass(frozen=True)
class Look:
    """Another look at m of the tiles.

    Attributes:
        rows: (m,) int, which tiles.
        patches: (m, 196, dimension) float16.
        is_valid: (m, 196) bool.
        statistics: (m, 24) float32, the baseline's numbers.
    """

    rows: np.ndarray
    patches: np.ndarray
    is_valid: np.ndarray
    statistics: np.ndarray


@dataclass(frozen=True)
class OtherDates:
    """How other dates were had: in words for the report, and for how many cities that was not possible."""

    how: str
    left_out: Sequence[str] = ()


def read_statistics(tiles: Tiles, bar: BarFactory) -> np.ndarray:
    """The baseline's numbers (n, 24) float32 of all tiles."""
    parts = []
    with bar("pixels", "tile", len(tiles.cells)) as progress:
        for city in tiles.cities:
            for rows in _batches(np.arange(city.start, city.stop)):
                parts.append(band_statistics(_chips(tiles, city, rows)))
                progress.update(len(rows))
    return np.concatenate(parts)


def changed_looks(
    tiles: Tiles, sample: Sequence[tuple[CityTiles, np.ndarray]], encoder: Encoder, bar: BarFactory
) -> dict[str, Look]:
    """The sample with each of CHANGES; a tile that cannot be shifted is not among the shifted ones."""
    found: dict[str, list[Look]] = {name: [] for name in CHANGES}
    with bar("changed", "tile", sum(len(rows) for _, rows in sample)) as progress:
        for city, all_rows in sample:
            for rows in _batches(all_rows):
                chips = _chips(tiles, city, rows)
                for gain in GAINS:
                    found[f"gain {gain:g}"].append(_embed(rows, with_gain(chips, gain), encoder))
                found[CHANGES[-1]].append(_embed(*_shifted(tiles, city, rows), encoder))
                progress.update(len(rows))
    return {name: joined(parts) for name, parts in found.items()}


def looks_at_other_dates(
    tiles: Tiles, sample: Sequence[tuple[CityTiles, np.ndarray]], encoder: Encoder, bar: BarFactory, sign: bool
) -> tuple[dict[str, Look], OtherDates]:
    """Each place twice, from dates that have no scene in common.

    Where the database has two periods, the older one's patches are the earlier look, and the tiles themselves the
    later one. Else the scenes of each composite in the sample are split by date into two halves.

    Raises:
        EtlError: the recorded scenes cannot be found or read any more.
    """
    if tiles.older:
        look = joined([_older(tiles, city) for city in tiles.cities if city.city.city_id in tiles.older])
        return {EARLIER: look}, OtherDates(f"{len(tiles.older)} cities with two periods in the database")
    earlier, later, left_out = [], [], []
    with bar("dates", "tile", sum(len(rows) for _, rows in sample)) as progress:
        for city, rows in sample:
            pair = halves(city, [tiles.cells[row] for row in rows], sign)
            if pair is None:
                left_out.append(city.city.name)
            else:
                seen = np.all([patch_valid_share(half).mean(axis=1) >= MIN_TILE_VALID_SHARE for half in pair], axis=0)
                for batch in _batches(np.flatnonzero(seen)):
                    earlier.append(_embed(rows[batch], pair[0][batch], encoder))
                    later.append(_embed(rows[batch], pair[1][batch], encoder))
            progress.update(len(rows))
    how = "composites of the earlier and of the later half of each city's recorded dates, which share no scene"
    if not earlier:
        return {}, OtherDates("no city of the sample has scenes of two dates", left_out)
    return {EARLIER: joined(earlier), LATER: joined(later)}, OtherDates(how, left_out)


def joined(parts: Sequence[Look]) -> Look:
    """Several looks as one."""
    return Look(*(np.concatenate([getattr(part, name) for part in parts]) for name in Look.__dataclass_fields__))


def _embed(rows: np.ndarray, chips: np.ndarray, encoder: Encoder) -> Look:
    # Patch vectors are kept as float16 by the pipeline: rounded alike here.
    patches = encoder.embed(chips).astype(np.float16)
    return Look(rows, patches, patch_valid_share(chips) >= MIN_PATCH_VALID_SHARE, band_statistics(chips))


def _chips(tiles: Tiles, city: CityTiles, rows: np.ndarray) -> np.ndarray:
    return read_chips(city.job.path(city.city.city_id, COMPOSITE), [tiles.cells[row] for row in rows])


def _shifted(tiles: Tiles, city: CityTiles, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Those of the rows whose tile can be cut elsewhere with enough valid pixels, and these chips."""
    attributes = city.attributes()
    image = open_array(city.job.path(city.city.city_id, COMPOSITE), "reflectance")
    height, width = image.shape[1:]
    kept, chips = [], []
    for row in rows:
        cell = tiles.cells[row]
        y, x = (attributes["top_row"] - cell.row) * TILE_PX, (cell.col - attributes["left_col"]) * TILE_PX
        along_x, along_y = shift_inwards(x, width), shift_inwards(y, height)
        if along_x is not None:
            x += along_x
        elif along_y is not None:
            y += along_y
        else:
            continue
        chip = np.asarray(image[:, y : y + TILE_PX, x : x + TILE_PX])
        if patch_valid_share(chip[None]).mean() >= MIN_TILE_VALID_SHARE:
            kept.append(row)
            chips.append(chip)
    return np.array(kept, np.int64), np.array(chips, np.uint16).reshape(len(kept), N_BANDS, TILE_PX, TILE_PX)


def _older(tiles: Tiles, city: CityTiles) -> Look:
    """A city's tiles in its older period, where both periods have them."""
    older = tiles.older[city.city.city_id]
    path = older.job.path(city.city.city_id, PATCHES)
    row_of = {tiles.cells[row]: row for row in range(city.start, city.stop)}
    cells = [cell_and_month(int(number))[0] for number in read_array(path, "tile_id")]
    both = np.array([i for i, cell in enumerate(cells) if cell in row_of], np.int64)
    patches, is_valid = older.patches()
    statistics = [
        band_statistics(read_chips(older.job.path(city.city.city_id, COMPOSITE), [cells[i] for i in batch]))
        for batch in _batches(both)
    ]
    rows = np.array([row_of[cells[i]] for i in both], np.int64)
    return Look(
        rows, patches[both], is_valid[both], np.concatenate([np.empty((0, 2 * N_BANDS), np.float32), *statistics])
    )


def _batches(rows: np.ndarray) -> list[np.ndarray]:
    return [rows[i : i + BATCH_TILES] for i in range(0, len(rows), BATCH_TILES)]
