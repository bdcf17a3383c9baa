"""The evaluation of all encoders on real pixels: embed once, measure every method."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from etl.encoders.encoder import Encoder
from etl.evaluation.real.encoders import ENCODERS, available_encoders
from etl.evaluation.real.examples import Example, cut_block, labelled_examples, middle_row, real_examples
from etl.evaluation.real.figures import WINDOW_RANKS, Values, measure_blocks, measure_dates, random_figures
from etl.evaluation.real.forms import FormTiles, measure_forms
from etl.evaluation.real.methods import vectors_by_method, with_item_texture
from etl.evaluation.real.samples.blocks import SIDE, BlockPlaces, block_patches, places_of
from etl.evaluation.real.samples.chips import CATALOGUE, RealChip, read_catalogue, read_labelled, read_pair
from etl.evaluation.real.samples.patches import ChipPatches, embed_chips, windows_of
from etl.evaluation.real.samples.perturbed import CLOUD, PERTURBATIONS, UNCHANGED
from etl.evaluation.real.samples.quarters import measure_quarters, quarters_of
from etl.tasks.job import BarFactory
from etl.vectors.aggregation import METHODS
from etl.vectors.post_processing import PostProcessing, from_moments, measure_moments

NO_PAIR = "the same place on another date is not measured, and no labelled chip is shown: give the folder of real data"
NO_FORMS = "urban forms are not measured: the database has no synthetic towns with known forms"
POST_PROCESSING = "standardised"
N_PATCHES, N_PATCHES_CLOUDY = SIDE**2, SIDE**2 // 2
SHOWN = ("mean", "mean_std")
NO_REMOVAL = (
    "the removal of spatial bias is not measured on real pixels: it is fitted to adjacent tiles and to many places of "
    "each region, and here nearly every place is a single tile"
)


@dataclass(frozen=True)
class RealRequest:
    """The options of the evaluation on real pixels.

    Attributes:
        catalogue: static STAC catalogue of real places.
        data: folder of real data with the pair of dates and the labelled chips; None leaves both out.
        encoders: names of the encoders.
    """

    catalogue: Path = CATALOGUE
    data: Path | None = None
    encoders: Sequence[str] = ENCODERS


@dataclass(frozen=True)
class EncoderResult:
    """The measurements of one encoder.

    Attributes:
        name: of the encoder.
        weights: ``pretrained``, ``fitted`` or ``random``.
        blocks: by method, then by figure: (n_blocks,), NaN where a block is not a query.
        quarters: by method: (n_tiles,) reciprocal rank of another quarter of a tile.
        dates: by method, then by figure: (n_blocks of the pair,); empty without the pair.
        forms: by removal of spatial bias, then by method: (n_tiles,); empty without synthetic towns.
    """

    name: str
    weights: str
    blocks: Mapping[str, Values]
    quarters: Mapping[str, np.ndarray]
    dates: Mapping[str, Values]
    forms: Mapping[str, Mapping[str, np.ndarray]]


@dataclass(frozen=True)
class RealEvaluation:
    """The results on real pixels.

    Attributes:
        n_chips: number of chips in the catalogue.
        places: of the blocks with data in all patches.
        results: of each encoder.
        random: as ``EncoderResult.blocks``, if candidates are ordered at random.
        tiles: (n_tiles,) int, the chip of each tile whose quarters are compared.
        towns: (n_tiles,) the town of each tile of known form; empty without synthetic towns.
        random_forms: (n_tiles,) precision if candidates are ordered at random.
        examples: by method, of the first encoder.
        notes: what is not measured and why.
    """

    n_chips: int
    places: BlockPlaces
    results: Sequence[EncoderResult]
    random: Values
    tiles: np.ndarray
    towns: np.ndarray
    random_forms: np.ndarray
    examples: Mapping[str, Sequence[Example]]
    notes: Sequence[str] = field(default=())


@dataclass(frozen=True)
class _Inputs:
    chips: Sequence[RealChip]
    pair: Sequence[RealChip]
    labelled: Sequence[RealChip]
    forms: FormTiles | None

    @property
    def n_tiles(self) -> int:
        """Return the number of tiles that each encoder embeds."""
        n_windows = [sum(len(windows_of(chip)) for chip in chips) for chips in (self.chips, self.pair, self.labelled)]
        n_forms = len(self.forms.forms) if self.forms else 0
        return n_windows[0] * (1 + len(PERTURBATIONS)) + sum(n_windows[1:]) + n_forms


@dataclass(frozen=True)
class _Measured:
    result: EncoderResult
    examples: dict[str, list[Example]]
    places: BlockPlaces
    tiles: np.ndarray


@dataclass(frozen=True)
class _BlockVectors:
    """Vectors of blocks by method, then by perturbation; rows by perturbation; places of the unchanged ones."""

    processing: PostProcessing
    unchanged: Sequence[ChipPatches]
    places: BlockPlaces
    rows: Mapping[str, np.ndarray]
    vectors: Mapping[str, Mapping[str, np.ndarray]]


def evaluate_real(request: RealRequest, forms: FormTiles | None, bar: BarFactory) -> RealEvaluation:
    """Measure every encoder and method on real pixels, and on synthetic towns if there are any.

    Raises:
        CatalogueError: the catalogue is missing or cannot be read.
        EncoderError: none of the encoders is available.
        ImageryError: a file is missing or cannot be read.
    """
    chips = read_catalogue(request.catalogue)
    pair = read_pair(request.data) if request.data else ()
    inputs = _Inputs(chips, pair, read_labelled(request.data) if request.data else (), forms)
    encoders, missing = available_encoders(request.encoders, chips)
    measured: list[_Measured] = []
    for encoder in encoders:
        with bar(encoder.name, "tile", inputs.n_tiles) as progress:
            measured.append(_measure(inputs, encoder, progress.update, with_examples=not measured))
    first = measured[0]
    notes = [NO_REMOVAL, *[NO_PAIR] * (not pair), *[NO_FORMS] * (forms is None), *missing]
    return RealEvaluation(
        len(chips), first.places, [some.result for some in measured], random_figures(first.places), first.tiles,
        forms.city_ids if forms else np.empty(0, np.int64),
        forms.random_precision() if forms else np.empty(0), first.examples, notes,
    )  # fmt: skip


def _measure(inputs: _Inputs, encoder: Encoder, advance: Callable[[int], Any], with_examples: bool) -> _Measured:
    """Return the measurements of one encoder, and its examples if they are asked for."""
    blocks = _block_vectors(inputs.chips, encoder, advance)
    figures = {name: measure_blocks(blocks.vectors[name], blocks.rows, blocks.places) for name in METHODS}
    dates: dict[str, Values] = {}
    if inputs.pair:
        dates = _measure_pair(inputs.pair, blocks.processing, encoder, advance)
    quarters, tiles = quarters_of(blocks.unchanged)
    by_quarter = measure_quarters(blocks.processing, quarters)
    labelled = embed_chips(encoder, inputs.labelled, advance)
    examples = _examples(inputs, blocks, labelled) if with_examples else {}
    forms = measure_forms(inputs.forms, encoder, advance) if inputs.forms else {}
    result = EncoderResult(encoder.name, encoder.weights, figures, by_quarter, dates, forms)
    return _Measured(result, examples, blocks.places, tiles)


def _measure_pair(
    pair: Sequence[RealChip], processing: PostProcessing, encoder: Encoder, advance: Callable[[int], Any]
) -> dict[str, Values]:
    """Return the figures of the pair: in the same windows, as in a database, and in other ones.

    In the same windows, even random weights recognise a block by its position embedding.
    """
    chips = [*embed_chips(encoder, pair, advance), *embed_chips(encoder, pair[:1], advance, first_wins=True)]
    earlier, later, moved = (vectors_by_method(processing, block_patches([chip])) for chip in chips)
    return {
        name: measure_dates(earlier[name], later[name]) | measure_dates(moved[name], later[name], WINDOW_RANKS)
        for name in METHODS
    }


def _block_vectors(chips: Sequence[RealChip], encoder: Encoder, advance: Callable[[int], Any]) -> _BlockVectors:
    unchanged = embed_chips(encoder, chips, advance)
    plain = block_patches(unchanged)
    is_whole: np.ndarray = np.all(plain.is_valid, axis=1)
    moments = measure_moments((chip.vectors[chip.is_valid] for chip in unchanged), with_covariance=False)
    processing = with_item_texture(from_moments(moments, POST_PROCESSING), plain[is_whole])
    new_row = np.cumsum(is_whole) - 1
    rows = {UNCHANGED: np.arange(is_whole.sum())}
    vectors = {UNCHANGED: vectors_by_method(processing, plain[is_whole])}
    for name, perturb in PERTURBATIONS.items():
        patches = block_patches(embed_chips(encoder, [perturb(chip) for chip in chips], advance))
        n_seen = patches.is_valid.sum(axis=1)
        kept: np.ndarray = is_whole & (n_seen == (N_PATCHES_CLOUDY if name == CLOUD else N_PATCHES))
        rows[name], vectors[name] = new_row[kept], vectors_by_method(processing, patches[kept])
    by_method = {name: {key: some[name] for key, some in vectors.items()} for name in METHODS}
    return _BlockVectors(processing, unchanged, places_of(unchanged)[is_whole], rows, by_method)


def _examples(inputs: _Inputs, blocks: _BlockVectors, labelled: Sequence[ChipPatches]) -> dict[str, list[Example]]:
    """Return the examples of the two methods that may be the default."""
    found = {name: real_examples(inputs.chips, blocks.places, blocks.vectors[name][UNCHANGED]) for name in SHOWN}
    if labelled:
        places = places_of(labelled)
        middle = np.array([middle_row(places, i) for i in range(len(labelled))])
        queries = [cut_block(inputs.labelled, places, i) for i in middle]
        vectors = vectors_by_method(blocks.processing, block_patches(labelled)[middle])
        for name in SHOWN:
            every = blocks.vectors[name][UNCHANGED]
            found[name] += labelled_examples(queries, vectors[name], inputs.chips, blocks.places, every)
    return found
