"""PostgreSQL: tables and revisions, applying ``sql/``, connections, indexes, and the private cluster."""
