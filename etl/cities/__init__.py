"""City files, tables of cities, and the grid of tiles over them."""
