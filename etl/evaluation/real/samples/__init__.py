"""What is measured on real pixels: chips and their blocks, quarters of tiles, and disturbed copies."""
