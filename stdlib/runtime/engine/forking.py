"""Imported by the fork server before all else, and by nobody else: a server only imports and forks."""

from __future__ import annotations

from mlopsc.stdlib.runtime.collector import look_at_nothing

look_at_nothing()
