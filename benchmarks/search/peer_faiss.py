"""FAISS in this process: inverted lists and flat search, with the filter as a bitmap made in NumPy."""

import time
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from benchmarks.search.engines import Engine, InProcess
from benchmarks.search.items import Items, typical_city
from benchmarks.search.limited import build_within
from benchmarks.search.questions import Question, eligible, query_vector
from benchmarks.search.widening import ask_widening
from db.embedding_sets.report import wanted_lists

N_PROBES = (32, 128, 512)
SAMPLE_PER_LIST = 25


class Faiss(InProcess):
    """An index with one number of probed lists; 0 for a flat index."""

    def __init__(self, items: Items, index: faiss.Index, n_probes: int, build_s: float, insert_s: float) -> None:
        """Wrap a filled index."""
        self.name = f"FAISS IVF {n_probes} probes" if n_probes else "FAISS flat"
        self.items, self.index, self.n_probes = items, index, n_probes
        self.build_s, self.insert_s = build_s, insert_s
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


def build_faiss(items: Items, folder: Path, limit_s: float) -> list[Engine]:
    """Return FAISS with inverted lists for each number of probes, and flat.

    Raises:
        NotBuiltError: the lists are not built within the limit.
    """
    folder.mkdir()
    path = folder / "lists.faiss"
    build_s = build_within(limit_s, write_lists, items.vectors, wanted_lists(items.unit, len(items.ids)), path)
    lists = faiss.read_index(str(path))
    flat = faiss.IndexFlatIP(items.vectors.shape[1])
    flat.add(items.vectors)
    insert_s, flat_insert_s = (_insert_s(items, index) for index in (lists, flat))
    return [*(Faiss(items, lists, n, build_s, insert_s) for n in N_PROBES), Faiss(items, flat, 0, 0, flat_insert_s)]


def write_lists(vectors: np.ndarray, n_lists: int, path: Path) -> float:
    """Build inverted lists and write them to a file; return the seconds of the build."""
    dimension = vectors.shape[1]
    started = time.perf_counter()
    index = faiss.IndexIVFFlat(faiss.IndexFlatIP(dimension), dimension, n_lists, faiss.METRIC_INNER_PRODUCT)
    n_sample = min(len(vectors), SAMPLE_PER_LIST * n_lists)
    index.cp.min_points_per_centroid = 1
    index.train(vectors[np.random.default_rng(0).permutation(len(vectors))[:n_sample]])
    index.add(vectors)
    build_s = time.perf_counter() - started
    faiss.write_index(index, str(path))
    return build_s


def _insert_s(items: Items, index: faiss.Index) -> float:
    """Return the seconds that it takes to add a city a second time; it is removed again."""
    vectors = items.vectors[items.city == typical_city(items)]
    started = time.perf_counter()
    index.add(vectors)
    insert_s = time.perf_counter() - started
    api: Any = faiss
    index.remove_ids(api.IDSelectorRange(len(items.ids), len(items.ids) + len(vectors)))
    return insert_s
