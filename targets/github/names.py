"""Names that GitHub accepts for jobs, steps and files."""

from __future__ import annotations

import re
from collections.abc import Collection
from hashlib import sha256

_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,79}")
_LONGEST = 70
"""So that a hash fits behind it, and a word before it: GitHub takes ids of less than 100 characters."""


def job_id(name: str, taken: Collection[str]) -> str:
    """A name as the id of a job: its own where that is possible, else with a hash; each only once.

    GitHub does not tell capitals apart in ids.
    """
    if _ID.fullmatch(name) and name.lower() not in {one.lower() for one in taken}:
        return name
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", name)[:_LONGEST].strip("-")
    plain = plain if _ID.fullmatch(plain) else f"job-{plain}".rstrip("-")
    return f"{plain}-{sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:6]}"
