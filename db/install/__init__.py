"""Bringing a database up to date: Alembic revisions, the files of ``sql/``, roles, extensions and country outlines."""
