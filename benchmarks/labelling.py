"""`terrakin bench labelling`: does labelling what is uncertain teach a concept more than labelling at random?

After `make demo`, whose synthetic towns have known forms. Both start with five examples of two towns and label five
blocks at a time, `uncertain` as api.uncertain does: those nearest to the threshold, one of each town. The score is the
average precision in towns in which nothing was labelled.
"""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import matplotlib.figure
import numpy as np
from sklearn.metrics import average_precision_score

from db.concepts.examples import N_RANDOM
from db.concepts.fit import Examples, fit, method_for
from db.connect import connect
from db.settings import Settings

N_START, N_ROUND, N_ROUNDS = 5, 5, 12
N_SEEDS = 20
HELD_OUT = 3
STRATEGIES = ("uncertain", "random")
KEYS = """
    SELECT e.city_id, e.key::vector::real[], t.zone, t.is_south, t."row", t.col
    FROM terrakin.embedding_keys AS e
    JOIN terrakin.cities AS c ON c.city_id = e.city_id AND c.is_synthetic
    CROSS JOIN LATERAL api.tile_cell(e.item_id >> 6) AS t
    WHERE e.set_id = (SELECT internal.set_id('block', 'mean'))
    ORDER BY e.item_id
"""
Echo = Callable[[str], None]


@dataclass(frozen=True)
class Blocks:
    """Blocks of the synthetic towns: keys (n, d), towns (n,), and whether each is of the form (n,)."""

    keys: np.ndarray
    towns: np.ndarray
    is_form: np.ndarray


def run(settings: Settings, form: str, picture: Path | None, echo: Echo) -> None:
    """Print the scores of both strategies by number of labels, and draw them."""
    blocks = read_blocks(settings, form)
    scores = {}
    for strategy in STRATEGIES:
        scores[strategy] = np.array([list(curve(blocks, strategy, seed)) for seed in range(N_SEEDS)])
        echo(f"{strategy}: {N_SEEDS} seeds done")
    labels = N_START + N_ROUND * np.arange(N_ROUNDS + 1)
    echo(f"average precision for {form}, mean and standard deviation of {N_SEEDS} seeds")
    echo(f"{'labels':>7}" + "".join(f"{name:>20}" for name in STRATEGIES))
    for i, n in enumerate(labels):
        echo(f"{n:>7}" + "".join(f"{s[:, i].mean():>13.3f} ±{s[:, i].std():.3f}" for s in scores.values()))
    best = scores["random"].mean(axis=0).max()
    reached = np.flatnonzero(scores["uncertain"].mean(axis=0) >= best)
    after = f"after {labels[reached[0]]} labels" if len(reached) else "never"
    echo(f"the best score of random labels, {best:.3f}, is reached by uncertain ones {after} of {labels[-1]}")
    if picture:
        draw(labels, scores, form, picture)


def read_blocks(settings: Settings, form: str) -> Blocks:
    """Return the blocks of all synthetic towns. A block is of the form of its tile."""
    with (settings.home / "demo" / "forms.csv").open() as handle:
        forms = {
            (int(row["zone"]), row["is_south"] == "1", int(row["row"]), int(row["col"])): row["form"]
            for row in csv.DictReader(handle)
        }
    with connect(settings, "reader") as conn:
        rows = conn.execute(KEYS).fetchall()
    return Blocks(
        np.array([row[1] for row in rows], np.float32),
        np.array([row[0] for row in rows]),
        np.array([forms[row[2:]] == form for row in rows]),
    )


def curve(blocks: Blocks, strategy: str, seed: int) -> Iterator[float]:
    """Yield the average precision in the towns that are held out, at the start and after each round."""
    rng = np.random.default_rng(seed)
    towns = rng.permutation(np.unique(blocks.towns[blocks.is_form]))
    is_test = np.isin(blocks.towns, towns[2 : 2 + HELD_OUT])
    labelled = rng.choice(np.flatnonzero(blocks.is_form & np.isin(blocks.towns, towns[:2])), N_START, replace=False)
    drawn = rng.choice(np.flatnonzero(~is_test), N_RANDOM, replace=False)
    for _ in range(N_ROUNDS + 1):
        rest = np.setdiff1d(drawn, labelled)
        rows = np.append(labelled, rest)
        is_positive = np.append(blocks.is_form[labelled], np.zeros(len(rest), bool))
        n_positive = int(is_positive.sum())
        examples = Examples(blocks.keys[rows], is_positive, blocks.towns[rows], np.arange(len(rows)) >= len(labelled))
        found = fit(examples, method_for(n_positive, len(labelled) - n_positive), seed=0)
        similarity = blocks.keys @ found.direction
        yield float(average_precision_score(blocks.is_form[is_test], similarity[is_test]))
        free = np.setdiff1d(np.flatnonzero(~is_test), labelled)
        if strategy == "random":
            chosen = rng.choice(free, N_ROUND, replace=False)
        else:
            nearest = free[np.argsort(np.abs(similarity[free] - found.threshold))]
            chosen = nearest[np.sort(np.unique(blocks.towns[nearest], return_index=True)[1])][:N_ROUND]
        labelled = np.append(labelled, chosen)


def draw(labels: np.ndarray, scores: dict[str, np.ndarray], form: str, picture: Path) -> None:
    """Draw mean and standard deviation of the scores."""
    figure = matplotlib.figure.Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    for name, values in scores.items():
        mean, spread = values.mean(axis=0), values.std(axis=0)
        axes.plot(labels, mean, label=f"{name} labels")
        axes.fill_between(labels, mean - spread, np.minimum(mean + spread, 1), alpha=0.2)
    axes.set(
        xlabel="labels", ylabel=f"average precision in other towns, {N_SEEDS} seeds", title=f"{form} (synthetic towns)"
    )
    axes.legend(loc="lower right")
    figure.savefig(picture, dpi=110)
