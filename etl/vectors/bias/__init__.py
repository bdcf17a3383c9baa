"""What in a vector says where it was taken: spatial bias, the position of a block in its tile, and their removal."""
