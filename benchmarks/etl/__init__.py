"""Speed and memory of the ETL."""
