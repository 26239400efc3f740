"""The sizes of tasks that Fargate runs."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

_MIB = 2**20
_GIB = 1024
_SIZES: Mapping[int, tuple[int, ...]] = {
    256: (512, 1024, 2048),
    512: tuple(range(1 * _GIB, 4 * _GIB + 1, _GIB)),
    1024: tuple(range(2 * _GIB, 8 * _GIB + 1, _GIB)),
    2048: tuple(range(4 * _GIB, 16 * _GIB + 1, _GIB)),
    4096: tuple(range(8 * _GIB, 30 * _GIB + 1, _GIB)),
    8192: tuple(range(16 * _GIB, 60 * _GIB + 1, 4 * _GIB)),
    16384: tuple(range(32 * _GIB, 120 * _GIB + 1, 8 * _GIB)),
}
"""The memory in MiB that goes with processors, in units of which 1024 are one."""
_UNITS = 1024


def size(cpu: float, memory: int) -> tuple[int, int] | None:
    """The smallest task with just these processors and at least these bytes, in units and MiB; None: there is none."""
    units, wanted = float(cpu * _UNITS), ceil(memory / _MIB)
    found = [mib for mib in _SIZES.get(int(units), ()) if units.is_integer() and mib >= wanted]
    return (int(units), found[0]) if found else None


def told_sizes(cpu: float) -> str:
    """What there is, in words: the memory for these processors, else the numbers of processors."""
    memory = _SIZES.get(int(cpu * _UNITS), ()) if (cpu * _UNITS).is_integer() else ()
    if memory:
        return f"With `cpu = {cpu:g}` there is memory up to {memory[-1] * _MIB // 10**9}GB."
    return f"There are tasks with {', '.join(f'{units / _UNITS:g}' for units in _SIZES)} processors."
