"""Asks the real pip for lists that it has not been asked for yet: nothing is ever added to what jobs have.

A list that could not be had is asked for again.
"""

import hashlib
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

given = sys.argv[1:]
lists = [Path(name) for option, name in pairwise(given) if option in ("-r", "--requirement")]
asked = hashlib.sha256("\0".join(given).encode())
for one in lists:
    asked.update(one.read_bytes() if one.is_file() else b"")
mark = Path(os.environ["ACTING_ENVIRONMENT"], "asked", asked.hexdigest())
if not mark.exists():
    real = Path(os.environ["ACTING_ENVIRONMENT"]).parent / "packages" / "pip"
    done = subprocess.run([sys.executable, real, *given], check=False)
    if done.returncode:
        sys.exit(done.returncode)
    mark.parent.mkdir(exist_ok=True)
    mark.touch()
