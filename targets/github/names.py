"""Names that GitHub accepts for jobs, steps and files."""

from __future__ import annotations

import re
from hashlib import sha256

_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def job_id(name: str, taken: set[str]) -> str:
    """A name as the id of a job: its own where that is possible, else with a hash; each only once."""
    if _ID.fullmatch(name) and name not in taken:
        return name
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")
    return f"{plain or 'job'}-{sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:6]}"
