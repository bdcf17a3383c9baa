"""The post-processings and bias removals that users choose from; imports nothing, so that commands can list them."""

POST_PROCESSINGS = ("raw", "centred", "standardised", "all_but_the_top")
"""Unchanged; mean subtracted; mean subtracted and divided by the standard deviation, per dimension; mean and first
principal components subtracted (Mu and Viswanath 2018, "All-but-the-Top", arXiv 1702.01417)."""
REMOVALS = ("none", "dimensions", "leace")
"""The ways to remove spatial bias: none, set dimensions to 0, or project directions out (LEACE)."""
