"""The STAC description of an exported set: extension embeddings v0.0.1."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pystac
import shapely

EXTENSION = "https://stac-extensions.github.io/embeddings/v0.0.1/schema.json"
PARQUET = "application/vnd.apache.parquet"
STAC_VERSION = "1.0.0"
"""The schema of the extension refers to the schemas of this version; pystac writes a later one."""
MODEL, SOURCE = "model.json", "source.json"


@dataclass(frozen=True)
class Description:
    """What is said of a set.

    Attributes:
        name: its name.
        text: one or two sentences.
        licence: SPDX identifier, or "other".
        gsd_m: side in metres of what a vector describes; None if unknown.
        model: what made the vectors, written to model.json.
        source: licences, attributions and files, written to source.json.
        post_processing: what was done to the vectors after the model.
    """

    name: str
    text: str
    licence: str
    gsd_m: float | None
    model: dict[str, Any]
    source: dict[str, Any]
    post_processing: str


@dataclass
class Extent:
    """What the rows of a file cover."""

    n_items: int = 0
    dimension: int = 0
    bounds: list[float] = field(default_factory=lambda: [180.0, 90.0, -180.0, -90.0])
    first: datetime | None = None
    last: datetime | None = None

    def add(self, bounds: tuple[float, ...], dates: list[datetime | None], dimension: int) -> None:
        """Add rows: their west, south, east and north in degrees, and a date for each."""
        self.n_items += len(dates)
        self.dimension = dimension
        west, south, east, north = self.bounds
        self.bounds = [min(west, bounds[0]), min(south, bounds[1]), max(east, bounds[2]), max(north, bounds[3])]
        known = [date for date in dates if date is not None]
        if known:
            self.first = min([self.first, min(known)] if self.first else known)
            self.last = max([self.last, max(known)] if self.last else known)


def write_stac(folder: Path, file: Path, description: Description, extent: Extent) -> None:
    """Write collection.json, an item beside it in a folder of its own, model.json and source.json.

    A set without dates gets the time of the export as its date, and says so.
    """
    (folder / MODEL).write_text(json.dumps(description.model, indent=2, default=str) + "\n")
    (folder / SOURCE).write_text(json.dumps(description.source, indent=2, default=str) + "\n")
    now = datetime.now(UTC)
    first, last = extent.first or now, extent.last or now
    dated = "" if extent.first else " The dates of the imagery are unknown; the date is that of the export."
    collection = pystac.Collection(
        description.name,
        description.text + dated,
        pystac.Extent(pystac.SpatialExtent([extent.bounds]), pystac.TemporalExtent([[first, last]])),
        license=description.licence,
        stac_extensions=[EXTENSION],
        extra_fields={
            "emb:type": "chip",
            "emb:dimensions": extent.dimension,
            "data_type": "float32",
            **({"gsd": description.gsd_m} if description.gsd_m else {}),
        },
    )
    west, south, east, north = extent.bounds
    item = pystac.Item(
        description.name,
        shapely.geometry.mapping(shapely.box(west, south, east, north)),
        extent.bounds,
        None,
        {"emb:postprocessing": {"format": "text", "expression": description.post_processing}},
        start_datetime=first,
        end_datetime=last,
        stac_extensions=[EXTENSION],
    )
    collection.add_item(item)
    # Not normalize_hrefs, which takes a folder with a dot in its name for a file.
    files = folder / "collection.json", folder / "items" / f"{description.name}.json"
    collection.set_self_href(str(files[0]))
    item.set_self_href(str(files[1]))
    item.add_asset("embeddings", pystac.Asset(f"../{file.name}", media_type=PARQUET, roles=["data"]))
    for target, to in ((collection, "."), (item, "..")):
        target.add_link(pystac.Link("emb:model", f"{to}/{MODEL}", "application/json"))
        target.add_link(pystac.Link("emb:source-data", f"{to}/{SOURCE}", "application/json"))
    collection.save(pystac.CatalogType.SELF_CONTAINED)
    for path in files:
        written = json.loads(path.read_text())
        path.write_text(json.dumps(written | {"stac_version": STAC_VERSION}, indent=2) + "\n")
