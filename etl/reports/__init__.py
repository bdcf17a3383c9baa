"""HTML reports with their figures inside."""
