"""FAISS in this process: inverted lists and flat search, with the filter as a bitmap made in NumPy."""

import time
from typing import Any

import faiss
import numpy as np

from benchmarks.search.engines import Engine
from benchmarks.search.items import Items
from benchmarks.search.questions import Question, eligible, query_vector
from benchmarks.search.widening import ask_widening
from db.embedding_sets.report import wanted_lists

N_PROBES = (32, 128, 512)
SAMPLE_PER_LIST = 25


class Faiss:
    """An index with one number of probed lists; 0 for a flat index."""

    insert_s = 0.0

    def __init__(self, items: Items, index: faiss.Index, n_probes: int, build_s: float) -> None:
        """Wrap a filled index."""
        self.name = f"FAISS IVF {n_probes} probes" if n_probes else "FAISS flat"
        self.items, self.index, self.n_probes, self.build_s = items, index, n_probes, build_s
        self.index_mib = items.vectors.nbytes / 2**20

    def ask(self, row: int, question: Question) -> list[int] | None:
        """Return the rows of the matches, best first; the bitmap is part of the time."""
        # FAISS adds keyword arguments and conversions to its classes when it is imported: its stubs lack them.
        api: Any = faiss
        selector = api.IDSelectorBitmap(np.packbits(eligible(self.items, row, question), bitorder="little"))
        if self.n_probes:
            parameters = api.SearchParametersIVF(sel=selector, nprobe=self.n_probes)
        else:
            parameters = api.SearchParameters(sel=selector)
        vector = query_vector(self.items, row, question)[None]

        def fetch(n: int) -> list[int]:
            found = self.index.search(vector, n, params=parameters)[1][0]
            return [int(r) for r in found if r >= 0]

        return ask_widening(fetch, self.items, question)


def build_faiss(items: Items) -> list[Engine]:
    """Return FAISS with inverted lists for each number of probes, and flat."""
    dimension, n_lists = items.vectors.shape[1], wanted_lists(items.unit, len(items.ids))
    started = time.perf_counter()
    index = faiss.IndexIVFFlat(faiss.IndexFlatIP(dimension), dimension, n_lists, faiss.METRIC_INNER_PRODUCT)
    n_sample = min(len(items.ids), SAMPLE_PER_LIST * n_lists)
    index.cp.min_points_per_centroid = 1
    index.train(items.vectors[np.random.default_rng(0).permutation(len(items.ids))[:n_sample]])
    index.add(items.vectors)
    build_s = time.perf_counter() - started
    flat = faiss.IndexFlatIP(dimension)
    flat.add(items.vectors)
    return [*(Faiss(items, index, n, build_s) for n in N_PROBES), Faiss(items, flat, 0, 0)]
