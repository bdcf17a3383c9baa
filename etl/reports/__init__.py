"""HTML reports, each one file with its figures embedded."""
