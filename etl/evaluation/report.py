"""The report of an evaluation: an HTML page and JSON."""

import html
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from etl.evaluation.dataset import SEED
from etl.evaluation.pictures import PARTS, by_form, grids, label, trade
from etl.evaluation.real import report as real_report
from etl.evaluation.run import Evaluation
from etl.evaluation.score import WEIGHTS, Margin
from etl.evaluation.variants import BASELINE_VARIANT, Variant
from etl.evaluation.variations import EARLIER, PERTURBATIONS
from etl.reports.page import page, picture, table, write_atomically

RANDOM = """<p class="warning">RANDOM WEIGHTS: the encoder is untrained. These figures show that the pipeline runs; they
say nothing about the quality of the vectors. Nothing is ranked or recommended.</p>"""
SYNTHETIC = """<p class="warning">SYNTHETIC imagery of made-up towns. The best variant here may not be the best on real
imagery.</p>"""
METHOD = """
<h2>How it was measured</h2>
<ul>
<li><b>Urban form</b>: known urban forms ({forms}). Each tile is a query; tiles of the same form are relevant.
Precision at 10 and mean average precision, among all tiles and among those of other cities only.</li>
<li><b>Other dates</b>: {dates}. The tile on earlier dates is the query, the same tile on later dates the target, among
all tiles. {n_dates} tiles.</li>
<li><b>Perturbations</b>: reflectance multiplied by 0.8 and 1.2, and the tile shifted by 20 px (200 m), embedded again;
the perturbed tile is the query, the unchanged tile the target, among all tiles. {n_changed} tiles. Cosines of different
post-processings are not comparable: raw vectors are all similar to each other.</li>
<li><b>Spatial leakage</b>: share of the ten nearest neighbours in the same city, and within 25, 100 and 500 km. A low
share is not a merit by itself: meaningless vectors have one too.</li>
<li><b>Bias removal</b>: {excluded}; or LEACE, the linear removal of position given the kind of tile, fitted to the
evaluated tiles.</li>
<li><b>Baseline</b>: mean and standard deviation of the 12 bands of each tile, standardised over all tiles.</li>
<li><b>Score</b>: weighted mean of {weights}; parts that were not measured are left out.
Intervals: the central 95&nbsp;% over 1,000 bootstrap samples of cities.</li>
</ul>
<p>All comparisons are exact, by cosine; random choices use a fixed seed ({seed}).</p>
"""
FIRST_COLUMNS = {
    "form_map_other_cities": "form mAP, other cities",
    "form_precision_at_10_other_cities": "form P@10, other cities",
    "form_map": "form mAP",
    "form_precision_at_10": "form P@10",
    "other_date_recall_at_10": "other date R@10",
    "other_date_mrr": "other date MRR",
}


def write(evaluation: Evaluation, folder: Path) -> tuple[Path, Path]:
    """Write ``evaluation.html`` and ``evaluation.json``, each atomically, and return their paths."""
    paths = folder / "evaluation.html", folder / "evaluation.json"
    when = datetime.now(UTC)
    texts = page("Evaluation", _body(evaluation, when)), json.dumps(as_json(evaluation, when), indent=1) + "\n"
    for path, text in zip(paths, texts, strict=True):
        write_atomically(path, text)
    return paths


def as_json(evaluation: Evaluation, when: datetime) -> dict[str, Any]:
    """Return all figures, rounded to 6 decimals; docs/evaluation.md explains the names."""
    best = evaluation.recommended
    variants = evaluation.order if evaluation.is_quality else [(v, None) for v in evaluation.measured]
    return {
        "made_at": when.isoformat(timespec="seconds"),
        "encoder": {k: getattr(evaluation.encoder, k) for k in ("name", "weights", "weights_sha256")},
        "is_quality": evaluation.is_quality,
        "is_synthetic": evaluation.is_synthetic,
        "n_tiles": len(evaluation.city_ids),
        "n_cities": len(np.unique(evaluation.city_ids)),
        "n_tiles_by_variation": dict(evaluation.n_tiles_by_variation),
        "notes": dict(evaluation.notes),
        "seed": SEED,
        "score_weights": WEIGHTS,
        "recorded": vars(evaluation.recorded),
        "recommended": None if best is None else _recommendation(evaluation, best),
        "variants": [
            vars(v) | _rounded({"score": s} if s is not None else {}) | _figures(evaluation, v) for v, s in variants
        ],
        "real_pixels": None if evaluation.real is None else real_report.as_json(evaluation.real),
    }


def _recommendation(evaluation: Evaluation, best: Variant) -> dict[str, Any]:
    over = {"recorded": evaluation.recorded, "baseline": BASELINE_VARIANT}
    margins = {f"margin_over_{k}": _rounded(vars(evaluation.margin_of(best, v))) for k, v in over.items()}
    return vars(best) | margins


def _figures(evaluation: Evaluation, variant: Variant) -> dict[str, Any]:
    found = evaluation.measured[variant]
    return {
        "figures": _rounded(found.figures),
        "parts": _rounded({k: float(np.nanmean(v)) for k, v in found.parts.items()}),
    }


def _rounded(values: Mapping[str, float]) -> dict[str, float | None]:
    return {name: round(value, 6) if np.isfinite(value) else None for name, value in values.items()}


def _body(evaluation: Evaluation, when: datetime) -> str:
    encoder, measured = evaluation.encoder, evaluation.measured
    made_by = (
        f"<p>Encoder {html.escape(encoder.name)}, <b>{encoder.weights} weights</b> ({encoder.weights_sha256[:12]}); "
        f"{len(evaluation.city_ids):,} tiles of {len(np.unique(evaluation.city_ids))} cities; "
        f"{when:%Y-%m-%d %H:%M} UTC.</p>"
    )
    parts = [made_by]
    parts += [RANDOM] * (not evaluation.is_quality) + [SYNTHETIC] * evaluation.is_synthetic
    if evaluation.is_quality:
        parts += [
            _finding(evaluation),
            picture(grids(measured), alt_text="Score and its parts by post-processing and aggregation"),
        ]
    y = next(
        name
        for name in ("form_map_other_cities", "other_date_mrr", "shift_20_px_mrr")
        if name in measured[BASELINE_VARIANT].figures
    )
    leakage = trade(measured, evaluation.recorded, "same_city_share", y)
    parts.append(picture(leakage, alt_text="Spatial leakage against retrieval"))
    if evaluation.forms is not None:
        forms = by_form(measured, evaluation.forms, _columns(evaluation))
        parts.append(picture(forms, alt_text="Retrieval by urban form"))
    parts += [_table(evaluation), _method(evaluation)]
    if evaluation.real is not None:
        parts.append(real_report.as_html(evaluation.real))
    return "\n".join(parts)


def _columns(evaluation: Evaluation) -> list[Variant]:
    """Return the variants of the picture by form: all without removal, the recorded, the recommended, the baseline."""
    plain = [v for v in evaluation.measured if v.removal == "none" and v.aggregation == evaluation.recorded.aggregation]
    recommended = [evaluation.recommended] if evaluation.recommended else []
    return list(dict.fromkeys([*plain, evaluation.recorded, *recommended, BASELINE_VARIANT]))


def _finding(evaluation: Evaluation) -> str:
    best, recorded, order = evaluation.recommended, evaluation.recorded, evaluation.order
    assert best is not None

    def compared(variant: Variant) -> str:
        higher, lower = (variant, best) if variant == order[0][0] else (best, variant)
        return f"{dict(order)[variant]:.3f} ({_margin(evaluation.margin_of(higher, lower))})"

    lines = [f"<b>Best default: {_name(best)}</b>, score {dict(order)[best]:.3f} (only mean and mean_std can be it)."]
    if best == recorded:
        lines.append("The database uses this variant.")
    else:
        lines.append(f"The database uses <b>{_name(recorded)}</b>, score {compared(recorded)}.")
    others = [v for v, _ in order if (v.aggregation, v.removal) == (best.aggregation, best.removal) and v != best]
    for other in others[:1]:
        lines.append(f"The next best post-processing is <b>{_name(other)}</b>, score {compared(other)}.")
    lines.append(f"The baseline of 24 band statistics scores {compared(BASELINE_VARIANT)}.")
    if order[0][0] != best:
        lines.append(f"The best of all variants is <b>{_name(order[0][0])}</b>, score {compared(order[0][0])}.")
    return f'<p class="finding">{" ".join(lines)}</p>'


def _margin(found: Margin) -> str:
    note = "" if found.is_significant else ", not significant"
    return f"difference {found.difference:.3f}, 95 % interval {found.low:.3f} to {found.high:.3f}{note}"


def _name(variant: Variant) -> str:
    return html.escape(f"{label(variant)}, {variant.aggregation}") if variant != BASELINE_VARIANT else "the baseline"


def _table(evaluation: Evaluation) -> str:
    """Return the table of all variants, ranked by score unless the figures are no measure of quality."""
    names = list(evaluation.measured[BASELINE_VARIANT].figures)
    columns = [name for name in FIRST_COLUMNS if name in names] + [name for name in names if name not in FIRST_COLUMNS]
    heads = [FIRST_COLUMNS.get(name, name.replace("_", " ")) for name in columns]
    variants = [v for v, _ in evaluation.order] if evaluation.is_quality else list(evaluation.measured)
    scores = dict(evaluation.order)
    rows = []
    for number, variant in enumerate(variants, start=1):
        ranked = [f"{number}", f"{scores[variant]:.3f}"] if evaluation.is_quality else []
        figures = [f"{evaluation.measured[variant].figures[name]:.3f}" for name in columns]
        kind = [label(variant) if variant != BASELINE_VARIANT else "baseline", variant.aggregation]
        rows.append(([*kind, *ranked, *figures], variant == evaluation.recorded))
    ranked_heads = ["rank", "score"] if evaluation.is_quality else []
    text = table(["post-processing", "aggregation", *ranked_heads, *heads], rows, n_names=2)
    return f"<h2>All variants</h2><p>Marked: the variant of the database.</p>{text}"


def _method(evaluation: Evaluation) -> str:
    weights = ", ".join(f"{PARTS[name].replace(chr(10), ' ')} {weight:g}" for name, weight in WEIGHTS.items())
    forms = "none known" if evaluation.forms is None else f"{(evaluation.forms != '').sum()} tiles"
    n_tiles = evaluation.n_tiles_by_variation
    return METHOD.format(
        forms=forms, dates=html.escape(evaluation.notes["other dates"]), seed=SEED,
        n_dates=n_tiles.get(EARLIER, 0), n_changed=n_tiles[PERTURBATIONS[0]],
        excluded=html.escape(evaluation.notes["excluded dimensions"]), weights=html.escape(weights),
    )  # fmt: skip
