"""The private PostgreSQL cluster: ``start``, ``running``, ``stop`` and ``destroy``, all by its home folder.

Each step of a start is passed the result of the one before: paths, data directory, configuration, process, database.
"""

from db.cluster.binaries import bin_dir
from db.cluster.lifecycle import destroy, running, start, stop
from db.cluster.paths import locate
from db.cluster.process import Address

__all__ = ["Address", "bin_dir", "destroy", "locate", "running", "start", "stop"]
