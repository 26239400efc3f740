"""Lets the tests import the modules of the project, wherever pytest was started."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
