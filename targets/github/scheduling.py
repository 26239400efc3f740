"""When jobs that nobody starts begin: schedules of cron, at minutes at which few others begin."""

from __future__ import annotations

from zlib import crc32

from mlopsc.compiler.schema.values import Duration

HOURLY = "1h"
_HOUR, _DAY = 60, 24 * 60
_LEAST = 5


def cron(every: str, pipeline: str) -> str | None:
    """The schedule of a pipeline, the same every time; None for what GitHub or cron cannot keep.

    `every` is a duration: 5min or more that divides an hour, or hours that divide a day.
    """
    minutes = Duration.parse(every).seconds / 60
    chance = crc32(pipeline.encode("utf-8", "surrogatepass"))
    rare = [minute for minute in range(3, 58) if minute % _LEAST]
    minute = rare[chance % len(rare)]
    if _LEAST <= minutes < _HOUR and _HOUR % minutes == 0:
        step = int(minutes)
        return f"{minute % step or 1}-59/{step} * * * *"
    if _HOUR <= minutes <= _DAY and minutes % _HOUR == 0 and _DAY % minutes == 0:
        hours = int(minutes // _HOUR)
        return f"{minute} {_hours(hours, chance)} * * *"
    return None


def _hours(step: int, chance: int) -> str:
    if step == 1:
        return "*"
    return f"{chance % step}-23/{step}" if step < _DAY // _HOUR else str(chance % step)
