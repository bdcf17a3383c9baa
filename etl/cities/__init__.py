"""Cities, from files and tables, and the grid of tiles over them."""
