"""Variations of a sample of the tiles: perturbed pixels and other dates, embedded by the database's encoder."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from etl.cities.grid import TILE_PX, cell_and_month
from etl.encoders.encoder import N_BANDS, Encoder
from etl.encoders.validity import MIN_PATCH_VALID_SHARE, MIN_TILE_VALID_SHARE, patch_valid_share
from etl.evaluation.dataset import CityTiles, Dataset
from etl.evaluation.other_dates import halves
from etl.evaluation.perturbations import GAINS, SHIFT_PX, band_statistics, shift_inwards, with_gain
from etl.stages.embed import BATCH_TILES
from etl.store.composites import read_chips
from etl.store.work_files import COMPOSITE, PATCHES, open_array, read_array
from etl.tasks.job import BarFactory

EARLIER, LATER = "earlier dates", "later dates"
SHIFT = f"shift {SHIFT_PX} px"
PERTURBATIONS = (*(f"gain {gain:g}" for gain in GAINS), SHIFT)


@dataclass(frozen=True)
class Variation:
    """One variation of m of the tiles.

    Attributes:
        rows: (m,) int, row numbers of the tiles in the data set.
        patches: (m, 196, dimension) float16.
        is_valid: (m, 196) bool.
        statistics: (m, 24) float32, band statistics.
    """

    rows: np.ndarray
    patches: np.ndarray
    is_valid: np.ndarray
    statistics: np.ndarray


@dataclass(frozen=True)
class OtherDates:
    """Where other dates come from, in words for the report, and the cities without any."""

    origin: str
    left_out: Sequence[str] = ()


def read_statistics(dataset: Dataset, bar: BarFactory) -> np.ndarray:
    """Return the band statistics of all tiles, (n, 24) float32."""
    parts = []
    with bar("pixels", "tile", len(dataset.cells)) as progress:
        for city in dataset.cities:
            for rows in _batches(np.arange(city.start, city.stop)):
                parts.append(band_statistics(_chips(dataset, city, rows)))
                progress.update(len(rows))
    return np.concatenate(parts)


def perturb(
    dataset: Dataset, sample: Sequence[tuple[CityTiles, np.ndarray]], encoder: Encoder, bar: BarFactory
) -> dict[str, Variation]:
    """Return the sample under each of PERTURBATIONS; tiles that cannot be shifted are missing from SHIFT."""
    found: dict[str, list[Variation]] = {name: [] for name in PERTURBATIONS}
    with bar("perturb", "tile", sum(len(rows) for _, rows in sample)) as progress:
        for city, all_rows in sample:
            month = city.job.period.month
            for rows in _batches(all_rows):
                chips = _chips(dataset, city, rows)
                for gain in GAINS:
                    found[f"gain {gain:g}"].append(_embed(rows, with_gain(chips, gain), encoder, month))
                found[SHIFT].append(_embed(*_shifted(dataset, city, rows), encoder, month))
                progress.update(len(rows))
    return {name: concatenate(parts) for name, parts in found.items()}


def other_dates(
    dataset: Dataset, sample: Sequence[tuple[CityTiles, np.ndarray]], encoder: Encoder, bar: BarFactory, sign: bool
) -> tuple[dict[str, Variation], OtherDates]:
    """Return variations of the tiles on earlier and later dates that share no scene.

    If the database has two periods, the patches of the older one are the earlier dates, and the evaluated tiles
    themselves the later ones. Otherwise, the scenes of each composite in the sample are split by date into two halves.

    Raises:
        EtlError: the recorded scenes cannot be found or read any more.
    """
    if dataset.older:
        older = [_older(dataset, city) for city in dataset.cities if city.city.city_id in dataset.older]
        return {EARLIER: concatenate(older)}, OtherDates(
            f"{len(dataset.older)} cities with two periods in the database"
        )
    earlier, later, left_out = [], [], []
    with bar("dates", "tile", sum(len(rows) for _, rows in sample)) as progress:
        for city, rows in sample:
            pair, month = halves(city, [dataset.cells[row] for row in rows], sign), city.job.period.month
            if pair is None:
                left_out.append(city.city.name)
            else:
                seen = np.all([patch_valid_share(half).mean(axis=1) >= MIN_TILE_VALID_SHARE for half in pair], axis=0)
                for batch in _batches(np.flatnonzero(seen)):
                    earlier.append(_embed(rows[batch], pair[0][batch], encoder, month))
                    later.append(_embed(rows[batch], pair[1][batch], encoder, month))
            progress.update(len(rows))
    if not earlier:
        return {}, OtherDates("no city of the sample has scenes of two dates", left_out)
    origin = "composites of the earlier and the later half of each city's recorded dates, which share no scene"
    return {EARLIER: concatenate(earlier), LATER: concatenate(later)}, OtherDates(origin, left_out)


def concatenate(parts: Sequence[Variation]) -> Variation:
    """Return several parts of one variation as a whole."""
    names = [field.name for field in fields(Variation)]
    return Variation(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _embed(rows: np.ndarray, chips: np.ndarray, encoder: Encoder, month: int) -> Variation:
    # The pipeline stores patch vectors as float16: round them here too.
    patches = encoder.embed(chips, month).astype(np.float16)
    return Variation(rows, patches, patch_valid_share(chips) >= MIN_PATCH_VALID_SHARE, band_statistics(chips))


def _chips(dataset: Dataset, city: CityTiles, rows: np.ndarray) -> np.ndarray:
    return read_chips(city.job.path(city.city.city_id, COMPOSITE), [dataset.cells[row] for row in rows])


def _shifted(dataset: Dataset, city: CityTiles, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows whose tiles have enough valid pixels after a shift, and the shifted chips."""
    attributes = city.attributes()
    image = open_array(city.job.path(city.city.city_id, COMPOSITE), "reflectance")
    height, width = image.shape[1:]
    kept, chips = [], []
    for row in rows:
        cell = dataset.cells[row]
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


def _older(dataset: Dataset, city: CityTiles) -> Variation:
    """Return those of a city's tiles that both periods have, in the older period."""
    older = dataset.older[city.city.city_id]
    path = older.job.path(city.city.city_id, PATCHES)
    row_of = {dataset.cells[row]: row for row in range(city.start, city.stop)}
    cells = [cell_and_month(int(tile_id))[0] for tile_id in read_array(path, "tile_id")]
    both = np.array([i for i, cell in enumerate(cells) if cell in row_of], np.int64)
    patches, is_valid = older.patches()
    statistics = [
        band_statistics(read_chips(older.job.path(city.city.city_id, COMPOSITE), [cells[i] for i in batch]))
        for batch in _batches(both)
    ]
    rows = np.array([row_of[cells[i]] for i in both], np.int64)
    return Variation(
        rows, patches[both], is_valid[both], np.concatenate([np.empty((0, 2 * N_BANDS), np.float32), *statistics])
    )


def _batches(rows: np.ndarray) -> list[np.ndarray]:
    return [rows[i : i + BATCH_TILES] for i in range(0, len(rows), BATCH_TILES)]
