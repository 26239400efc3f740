"""Names that GitHub accepts for jobs, steps and files."""

from __future__ import annotations

import re
from hashlib import sha256

_ID = re.compile(r"[a-z_][a-z0-9_-]{0,79}")
_HASHED = re.compile(r".*-[0-9a-f]{6}")
_LONGEST = 70
"""So that a hash fits behind it, and a word before it: GitHub takes ids of less than 100 characters."""


def job_id(*parts: str) -> str:
    """Words as the id of a job: plainly where no other words could make the same id, else with a hash.

    So an id never depends on what else there is. GitHub does not tell capitals apart in ids, and where a word before
    the last has a `-`, nobody could say where it ends.
    """
    plain = "-".join(parts)
    if _ID.fullmatch(plain) and not _HASHED.fullmatch(plain) and "-" not in "".join(parts[:-1]):
        return plain
    words = re.sub(r"[^a-z0-9_-]+", "-", plain.lower())[:_LONGEST].strip("-")
    words = words if _ID.fullmatch(words) else f"job-{words}".rstrip("-")
    return f"{words}-{sha256(chr(0).join(parts).encode('utf-8', 'surrogatepass')).hexdigest()[:6]}"
