"""Jobs that fill the tables: from a STAC catalogue to embedded tiles in PostgreSQL."""
