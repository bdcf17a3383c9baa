"""The known urban forms of the evaluated tiles."""

from pathlib import Path

import numpy as np

from etl.errors import EtlError
from etl.evaluation.dataset import CityTiles, Dataset
from etl.evaluation.real.forms import FormTiles
from etl.evaluation.real.methods import Patches
from etl.metrics.urban_forms import read_forms
from etl.store.composites import read_chips
from etl.store.encoder import EncoderRecord
from etl.store.work_files import COMPOSITE


def known_forms(dataset: Dataset, path: Path | None) -> np.ndarray | None:
    """Return the urban form of each tile, "" if unknown; None without a table, or if it covers none of the tiles.

    The demo's table applies to synthetic cities only, because they occupy the same cells as real ones.
    """
    table = path or _beside_the_catalogue(dataset)
    if table is None:
        return None
    forms = read_forms(table)
    synthetic = {c.city.city_id for c in dataset.cities if c.city.is_synthetic}
    known = np.array(
        [
            forms.get(cell, "") if path is not None or city_id in synthetic else ""
            for cell, city_id in zip(dataset.cells, dataset.city_ids.tolist(), strict=True)
        ]
    )
    if path is not None and not (known != "").any():
        raise EtlError(f"{path} contains the form of none of the {len(known)} tiles; pass a table of these cities")
    return known if (known != "").any() else None


def _beside_the_catalogue(dataset: Dataset) -> Path | None:
    for city in dataset.cities:
        beside = Path(str(city.attributes()["stac_url"])).with_name("forms.csv")
        if city.city.is_synthetic and beside.is_file():
            return beside
    return None


def form_tiles(dataset: Dataset, forms: np.ndarray | None, stored: EncoderRecord) -> FormTiles | None:
    """Return the synthetic tiles of known form, or None if there are none."""
    if forms is None:
        return None
    towns = [city for city in dataset.cities if city.city.is_synthetic]
    rows = np.concatenate([_known_rows(forms, city) for city in towns]) if towns else np.empty(0, np.int64)
    if not len(rows):
        return None
    owner = {int(row): city for city in towns for row in range(city.start, city.stop)}

    def chips(chosen: np.ndarray) -> np.ndarray:
        return np.concatenate(
            [read_chips(owner[row].job.path(owner[row].city.city_id, COMPOSITE), [dataset.cells[row]])
             for row in rows[chosen].tolist()]
        )  # fmt: skip

    def recorded() -> Patches:
        parts = [(city.patches(), _known_rows(forms, city) - city.start) for city in towns]
        return Patches(*(np.concatenate([patches[i][own] for patches, own in parts]) for i in (0, 1)))

    return FormTiles(
        chips, recorded, stored.weights_sha256, towns[0].job.period.month,
        [dataset.cells[row] for row in rows.tolist()], dataset.city_ids[rows], forms[rows],
    )  # fmt: skip


def _known_rows(forms: np.ndarray, city: CityTiles) -> np.ndarray:
    rows: np.ndarray = city.start + np.flatnonzero(forms[city.start : city.stop] != "")
    return rows
