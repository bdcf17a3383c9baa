"""The part of the evaluation report about real pixels: HTML and JSON."""

import html
from collections.abc import Iterable, Sequence
from typing import Any

from matplotlib.figure import Figure

from etl.evaluation.real.comparison import BLOCK_MEAN, QUARTERS, Comparison
from etl.evaluation.real.examples import N_MATCHES, Example
from etl.evaluation.real.figures import BLOCK_FIGURES, GAIN, OTHER_HALF, OTHER_POSITION, POSITION_FIGURES, SAME_POSITION
from etl.evaluation.real.intervals import Estimate
from etl.evaluation.real.run import RealEvaluation
from etl.evaluation.real.samples.perturbed import CLOUD, SHIFT
from etl.evaluation.real.summary import Summary, figure_names, summarise
from etl.imagery.thumbnails import STRETCH, TRUE_COLOUR
from etl.reports.page import picture, table

INTRODUCTION = """<h2>All encoders on real pixels</h2>
<p>{n_blocks:,} blocks of 320 m of {n_chips} real Sentinel-2 chips. Each figure is the mean over chips, with the central
95&nbsp;% over 1,000 bootstrap samples of chips. Candidates are the blocks of all chips. Patches are standardised over
the chips.</p>
<ul>
<li><b>{other}</b>: share of a block's first ten that lie in the other half of its chip and are not adjacent.</li>
<li><b>{gain}, {shift}, {cloud}</b>: share of blocks that come first if the query is the same block with 0.8 and 1.2 of
the reflectance, shifted by 160 m (one of the two blocks that it overlaps comes first), and with its western half
without data.</li>
<li><b>{quarters}</b>: mean reciprocal rank of another quarter (1,120 m) of a whole tile among that quarter of all
tiles: the nearest that single chips allow to the size of a tile.</li>
<li><b>{moved}</b>: share of blocks that come first if the query has the same pixels, in a tile that begins one block
farther south-east.</li>
<li><b>{position}</b>: share of a block's first ten in other chips that have its row and column in their tile. More than
at random is an <b>artefact</b> of position embeddings or windows, and helps the figures of perturbations.</li>
<li><b>Other date</b>: blocks of <b>one</b> place on two dates, both directions. <b>Few samples</b>: one chip, so that
blocks are resampled, and the intervals are too narrow. In the same windows, as in a database, an encoder
recognises a block by its position too; <b>in other windows</b>, only by its pixels.</li>
<li><b>Forms</b>: precision of the first ten within the known forms of the synthetic towns, before and after the removal
of spatial bias. Towns are resampled. <b>Few samples</b> where there are fewer than 20 towns.</li>
</ul>
<p>{notes}</p>
"""
LABELLED_NOTE = "The last rows, named after labels, are labelled chips, if any: examples only, without a figure."
HEADS = {
    OTHER_HALF: "first ten in the other half",
    GAIN: "R@1, gain ±20 %",
    SHIFT: "R@1, shift 160 m",
    CLOUD: "R@1, half cloud",
    QUARTERS: "MRR, another quarter of the tile",
    OTHER_POSITION: "R@1, other position",
    SAME_POSITION: "first ten at the same position",
}


def as_html(evaluation: RealEvaluation) -> str:
    """Return the part of the page."""
    summary = summarise(evaluation)
    introduction = INTRODUCTION.format(
        n_blocks=len(evaluation.places.chip), n_chips=evaluation.n_chips,
        notes=html.escape("; ".join(evaluation.notes)),
        other=HEADS[OTHER_HALF], gain=HEADS[GAIN], shift=HEADS[SHIFT], cloud=HEADS[CLOUD],
        quarters=HEADS[QUARTERS], position=HEADS[SAME_POSITION], moved=HEADS[OTHER_POSITION],
    )  # fmt: skip
    method = summary.default_method or next(iter(evaluation.examples))
    examples = picture(_draw(evaluation.examples[method]), alt_text="Blocks and their most similar blocks")
    name = html.escape(f"{evaluation.results[0].name}, {method}")
    return "\n".join([
        introduction, *(f'<p class="finding">{html.escape(text)}</p>' for text in findings(summary)), _figures(summary),
        "<h3>Differences</h3>", _comparisons([*summary.texture, *summary.rivals]),
        f"<h3>Blocks and the {N_MATCHES} most similar blocks of other chips ({name})</h3><p>{LABELLED_NOTE}</p>",
        examples,
    ])  # fmt: skip


def as_json(evaluation: RealEvaluation) -> dict[str, Any]:
    """Return all figures and comparisons."""
    summary = summarise(evaluation)
    return {
        "n_chips": evaluation.n_chips,
        "n_blocks": len(evaluation.places.chip),
        "notes": list(evaluation.notes),
        "random": _rounded(summary.random),
        "rows": [
            {"encoder": name, "weights": weights, "method": method, "figures": _values(estimates)}
            for (name, weights, method), estimates in summary.rows.items()
        ],
        "default_method": summary.default_method,
        "is_galileo_ahead": summary.is_ahead,
        "comparisons": [
            {"first": found.first, "second": found.second, "differences": _values(found.differences)}
            for found in [*summary.texture, *summary.rivals]
        ],
    }


def findings(summary: Summary) -> list[str]:
    """Return the two decisions in words."""
    texts = []
    for found in summary.texture[:1] if summary.default_method else []:
        rule = "lies below 0" if found.is_behind else "does not lie below 0"
        texts.append(
            f"Default method of galileo_nano: {summary.default_method}. {found.first} minus {found.second}, mean of "
            f"the four block figures: {_text(found.differences[BLOCK_MEAN])}; the interval {rule}."
        )
    for found in summary.rivals:
        verdict = "ahead" if found.is_ahead else "behind" if found.is_behind else "no significant difference"
        texts.append(f"{found.first} minus {found.second}: {_text(found.differences[BLOCK_MEAN])}: {verdict}.")
    return texts


def _figures(summary: Summary) -> str:
    names = figure_names(summary)
    rows: list[tuple[Sequence[str], bool]] = []
    for (name, weights, method), estimates in summary.rows.items():
        label = f"{name} (RANDOM WEIGHTS)" if weights == "random" else name
        cells = [_text(estimates[key]) if key in estimates else "not measured" for key in names]
        rows.append(([label, method, *cells], method == summary.default_method))
    rows.append((["random order", "", *(f"{summary.random[key]:.4f}" for key in names)], False))
    return table(["encoder", "method", *(_head(summary, name) for name in names)], rows, n_names=2)


def _head(summary: Summary, name: str) -> str:
    sample = next(found[name] for found in summary.rows.values() if name in found)
    unit, group = ("tiles", "towns") if name.startswith("forms") else ("blocks", "chips")
    unit = "tiles" if name == QUARTERS else unit
    groups = "of 1 place" if name.startswith("other date") else f"of {sample.n_groups} {group}"
    few = ", FEW SAMPLES" if sample.is_of_few or name.startswith("other date") else ""
    return f"{HEADS.get(name, name)} ({sample.n_samples:,} {unit} {groups}{few}; random {summary.random[name]:.4f})"


def _comparisons(found: Iterable[Comparison]) -> str:
    names = [*BLOCK_FIGURES, BLOCK_MEAN, QUARTERS, *POSITION_FIGURES]
    rows = [
        ([c.first, c.second, *(_text(c.differences[k]) if k in c.differences else "" for k in names)], False)
        for c in found
    ]
    return table(["first", "minus", *(HEADS.get(name, name) for name in names)], rows, n_names=2)


def _draw(examples: Sequence[Example]) -> Figure:
    figure = Figure(figsize=(9, 1.5 * len(examples)), layout="constrained")
    grid = figure.subplots(len(examples), 1 + N_MATCHES, squeeze=False)
    for row, example in zip(grid, examples, strict=True):
        for axes, block in zip(row, [example.query, *example.matches], strict=True):
            axes.imshow(STRETCH[block.pixels[list(TRUE_COLOUR)]].transpose(1, 2, 0), interpolation="bicubic")
            axes.set(xticks=[], yticks=[])
            axes.set_title(_shortened(block.name), fontsize=6)
        for side in row[0].spines.values():
            side.set(color="tab:red", linewidth=2)
    return figure


def _shortened(name: str, most: int = 28) -> str:
    return name if len(name) <= most else f"{name[: most - 2]}.."


def _text(found: Estimate) -> str:
    return f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"


def _values(estimates: Any) -> dict[str, Any]:
    return {name: _rounded(vars(found)) for name, found in estimates.items()}


def _rounded(values: Any) -> dict[str, Any]:
    return {name: round(value, 6) if isinstance(value, float) else value for name, value in values.items()}
