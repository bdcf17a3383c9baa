"""The names of the encoders, for options and messages; imports nothing."""

ENCODERS = ("galileo_nano", "mosaiks", "terramind_v1_base")
DEFAULT_ENCODER = ENCODERS[0]
