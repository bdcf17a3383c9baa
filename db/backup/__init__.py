"""Backups of a database and its work files: written, verified and restored."""

from db.backup.restore import restore
from db.backup.verify import verify
from db.backup.write import backup

__all__ = ["backup", "restore", "verify"]
