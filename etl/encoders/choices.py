"""The names of the encoders, for options and messages; imports nothing."""

ENCODERS = ("galileo_nano", "mosaiks", "terramind_v1_base")
DEFAULT_ENCODER = ENCODERS[0]

UNUSED_BANDS = {"galileo_nano": ("B01", "B09")}
"""Bands that an encoder does not read, so that a chip may lack them; the other encoders read all 12."""
