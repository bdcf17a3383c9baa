"""Draw places and their best matches from a running page: a row for each place, with its matches to the right.

    .venv/bin/python scripts/contact_sheet.py --out docs/images/places.webp

Needs a running page with real places (`make demo`). Every picture is the thumbnail that the page shows.
"""

import io
import itertools
import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import click
import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

ROWS = (
    "Coast=Superagüi",
    "Fields=Brønderslev",
    "Desert=Awjilah",
    "Harbour=Grenaa, harbour south",
)
PICTURE_PX = 192
GAP_PX = 16
CAPTION_PX = 62
TITLE_PX = 34
TEXT, MUTED, PAGE, NO_DATA = (27, 36, 40), (85, 99, 106), (255, 255, 255), (243, 246, 247)
MAX_SCALE = 3
"""A picture of a small part is enlarged no further: its pixels would show."""
FONT = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
"""Pillow's own font lacks the letters of many place names."""
QUALITY = 88
N_PROBES = 9
"""Positions tried along each side of a place's bounds to find a tile."""

Answer = dict[str, Any]


def ask(url: str, path: str, **parameters: object) -> bytes:
    """Return a response of the page's API."""
    with urllib.request.urlopen(f"{url}/api/v1/{path}?{urlencode(parameters)}", timeout=30) as answer:
        found: bytes = answer.read()
        return found


def query_tile(url: str, name: str) -> Answer:
    """Return the tile nearest the middle of a place, found by part of its name.

    Raises:
        click.ClickException: no place with tiles has this name.
    """
    places = [city for city in json.loads(ask(url, "cities", q=name))["cities"] if city["n_tiles"] > 0]
    if not places:
        raise click.ClickException(f"no loaded place has {name!r} in its name; choose another with --row TITLE=NAME")
    west, south, east, north = places[0]["bounds"]
    shares = sorted(np.linspace(0.05, 0.95, N_PROBES).tolist(), key=lambda share: abs(share - 0.5))
    for x, y in sorted(itertools.product(shares, shares), key=lambda at: abs(at[0] - 0.5) + abs(at[1] - 0.5)):
        try:
            found: Answer = json.loads(
                ask(url, "tile-at", lon=west + x * (east - west), lat=south + y * (north - south))
            )
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise
        else:
            return found
    raise click.ClickException(f"no tile was found within the bounds of {places[0]['city']}")


def thumbnail(url: str, tile: Answer) -> Image.Image:
    """Return the part of a tile's picture that was observed, as large as fits."""
    sheet = Image.new("RGBA", (PICTURE_PX, PICTURE_PX), NO_DATA)
    if tile["has_thumbnail"]:
        with Image.open(io.BytesIO(ask(url, f"tiles/{tile['tile_id']}/thumbnail"))) as whole:
            picture = whole.convert("RGBA")
        seen = picture.crop(picture.getchannel("A").getbbox())
        scale = min(PICTURE_PX / max(seen.size), MAX_SCALE)
        seen = seen.resize([round(side * scale) for side in seen.size], Image.Resampling.BICUBIC)
        sheet.alpha_composite(seen, ((PICTURE_PX - seen.width) // 2, (PICTURE_PX - seen.height) // 2))
    return sheet.convert("RGB")


def fitting(text: str, font: ImageFont.FreeTypeFont) -> str:
    """Return as much of a text as is no wider than a picture."""
    short = text
    while font.getlength(short) > PICTURE_PX:
        short = short.removesuffix("…")[:-1].rstrip(" ,") + "…"
    return short


def draw(sheet: Image.Image, picture: Image.Image, tile: Answer, x: int, y: int) -> None:
    """Draw a picture and, below it, the place, its country and how similar it is to the first of its row."""
    names, small = ImageFont.truetype(FONT, 14), ImageFont.truetype(FONT, 12)
    pen = ImageDraw.Draw(sheet)
    sheet.paste(picture, (x, y))
    below = y + PICTURE_PX + 4
    pen.text((x, below), fitting(tile["city"], names), TEXT, names)
    pen.text((x, below + 19), fitting(tile["country"], small), MUTED, small)
    origin = "Synthetic" if tile["is_synthetic"] else ""
    similarity = f"similarity {tile['similarity']:.2f}" if "similarity" in tile else "searched for"
    pen.text((x, below + 36), " · ".join(filter(None, (similarity, origin))), MUTED, small)


@click.command()
@click.option("--url", default="http://127.0.0.1:8000", show_default=True, help="Address of the running page.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="PNG or WebP to write.")
@click.option("--row", "rows", multiple=True, default=ROWS, show_default=True, help="TITLE=PLACE, from top to bottom.")
@click.option("--k", default=4, show_default=True, help="Matches per row, of one place each.")
def main(url: str, out: Path, rows: tuple[str, ...], k: int) -> None:
    """Write the sheet, and print the matches of every row."""
    height = TITLE_PX + PICTURE_PX + CAPTION_PX
    size = (GAP_PX + (k + 1) * (PICTURE_PX + GAP_PX) + GAP_PX, GAP_PX + len(rows) * (height + GAP_PX))
    sheet = Image.new("RGB", size, PAGE)
    for number, (title, _, name) in enumerate(row.partition("=") for row in rows):
        tile = query_tile(url, name)
        matches = json.loads(ask(url, "similar", tile_id=tile["tile_id"], k=k, max_per_city=1))["matches"]
        top = GAP_PX + number * (height + GAP_PX)
        ImageDraw.Draw(sheet).text((GAP_PX, top), title, TEXT, ImageFont.truetype(FONT, 19))
        for column, shown in enumerate([tile, *matches]):
            gaps = 1 if column == 0 else column + 2  # a wider one after the place itself
            x = column * PICTURE_PX + gaps * GAP_PX
            draw(sheet, thumbnail(url, shown), shown, x, top + TITLE_PX)
        found = ", ".join(f"{match['city']} ({match['similarity']:.2f})" for match in matches)
        click.echo(f"{title}: {tile['city']}: {found}")
    out.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(out, quality=QUALITY, method=6) if out.suffix == ".webp" else sheet.save(out)
    click.echo(f"wrote {out}", err=True)


if __name__ == "__main__":
    main()
