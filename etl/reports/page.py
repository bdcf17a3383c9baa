"""Parts that all reports share: the page, embedded figures and tables, and atomic writing."""

import base64
import html
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>terrakin: {title}</title>
<style>
body{{font:16px/1.5 system-ui,sans-serif;max-width:76rem;margin:2rem auto;padding:0 1rem;color:#222}}
table{{border-collapse:collapse;font-size:.85rem;font-variant-numeric:tabular-nums}}
.wide{{overflow-x:auto}}
td,th{{padding:.15rem .6rem;text-align:right;white-space:nowrap}}
thead th{{border-bottom:2px solid #888;vertical-align:bottom;white-space:normal}}
tbody th{{text-align:left;font-weight:normal}}
tbody tr:hover{{background:#f3f3f3}}
.marked{{background:#def}}
img{{max-width:100%}}
.warning{{background:#fff3cd;border:2px solid #d39e00;padding:.6rem 1rem;font-weight:bold}}
.finding{{background:#eef7ee;border-left:4px solid #3a7d44;padding:.6rem 1rem}}
</style></head><body>
<h1>{heading}</h1>
{body}
</body></html>
"""


def page(heading: str, body: str) -> str:
    """Return a whole page; ``body`` is HTML, ``heading`` plain text."""
    return PAGE.format(title=html.escape(heading.lower()), heading=html.escape(heading), body=body)


def picture(figure: Any, alt_text: str) -> str:
    """Return a matplotlib figure as an <img> element with its PNG embedded."""
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=110)
    data = base64.b64encode(png.getvalue()).decode()
    return f'<img alt="{html.escape(alt_text)}" src="data:image/png;base64,{data}">'


def table(heads: Sequence[str], rows: Iterable[tuple[Sequence[str], bool]], n_names: int = 1) -> str:
    """Return a table of plain text.

    Args:
        heads: column headings.
        rows: cells of each row, and whether to highlight it.
        n_names: number of leading cells that are row headings.
    """
    lines = []
    for cells, is_marked in rows:
        names = "".join(f"<th>{html.escape(cell)}</th>" for cell in cells[:n_names])
        numbers = "".join(f"<td>{html.escape(cell)}</td>" for cell in cells[n_names:])
        marked = ' class="marked"' if is_marked else ""
        lines.append(f"<tr{marked}>{names}{numbers}</tr>")
    head = "".join(f"<th>{html.escape(text)}</th>" for text in heads)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{"".join(lines)}</tbody></table></div>'


def write_atomically(path: Path, text: str) -> None:
    """Write a text file under a temporary name and rename it, so that no reader sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)
