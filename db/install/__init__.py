"""Bringing a database up to date: revisions, the files of ``sql/``, country outlines, and keys distributed by Citus."""
