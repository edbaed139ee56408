"""Makes `made_project.py` importable from the tests of the jobs and of their commands."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
