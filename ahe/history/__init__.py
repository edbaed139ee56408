"""The git record of a harness: commits with trailers, verdicts as notes, tags, reverts.

`ahe.history.git` is the only module that imports git.
"""

from ahe.history.commits import Commit
from ahe.history.workspace import History

__all__ = ["Commit", "History"]
