"""The sets of keys that searches compare: principal components, inverted lists, adding keys, and refitting."""
