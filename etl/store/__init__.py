"""What the ETL reads from and writes to PostgreSQL and to work files."""
