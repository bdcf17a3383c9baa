"""PostgreSQL access: tables, revisions, connections, the private cluster, and running the files of ``sql/``."""
