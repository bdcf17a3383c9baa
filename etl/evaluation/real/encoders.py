"""The encoders that are compared on real pixels."""

from collections.abc import Sequence

import numpy as np

from etl.encoders import mosaiks
from etl.encoders.encoder import Encoder
from etl.encoders.selection import EncoderChoice, load_encoder
from etl.errors import EncoderError
from etl.evaluation.real.samples.chips import RealChip
from etl.evaluation.real.samples.patches import tiles_of

GALILEO, MOSAIKS, TERRAMIND = "galileo_nano", "mosaiks", "terramind_v1_base"
ENCODERS = (GALILEO, MOSAIKS, TERRAMIND)


def available_encoders(names: Sequence[str], chips: Sequence[RealChip]) -> tuple[list[Encoder], list[str]]:
    """Return the encoders that this installation has, and why each of the others is missing.

    The filters of mosaiks are fitted to the chips; TerraMind has random weights.

    Raises:
        EncoderError: none is available.
    """
    found, missing = [], []
    for name in names:
        try:
            found.append(_load(name, chips))
        except EncoderError as error:
            missing.append(f"{name} is not measured: {error}")
    if not found:
        raise EncoderError("; ".join(missing))
    return found, missing


def _load(name: str, chips: Sequence[RealChip]) -> Encoder:
    encoder = load_encoder(EncoderChoice(name, "random" if name == TERRAMIND else "hub"))
    return encoder or mosaiks.fit(np.concatenate([tiles_of(chip) for chip in chips]))
