"""A rehearsal played and told: what happened when, what fired and what did not, by which line of the spec."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mlopsc.compiler.ir.origins import place
from mlopsc.stdlib.runtime.engine.writing import write_atomically
from mlopsc.stdlib.runtime.rehearsal.diary import Audience, Moment
from mlopsc.stdlib.runtime.rehearsal.outcome import Fate, Noticed, fates, noticed
from mlopsc.stdlib.runtime.rehearsal.page import render_page
from mlopsc.stdlib.runtime.rehearsal.performance import Counts, Performance
from mlopsc.stdlib.runtime.rehearsal.scene import Scene
from mlopsc.stdlib.runtime.rehearsal.series import Series, read_series


@dataclass(frozen=True)
class Report:
    """What a rehearsal showed; `page` is where a browser finds all of it."""

    scene: Scene
    served: bool
    moments: tuple[Moment, ...]
    fates: tuple[Fate, ...]
    noticed: tuple[Noticed, ...]
    counts: Counts
    series: Series
    origins: Mapping[str, Any]
    texts: Mapping[str, str]

    @property
    def page(self) -> Path:
        """The HTML page."""
        return self.scene.place.folder / "rehearsal.html"

    @property
    def is_well(self) -> bool:
        """Whether there was a model to serve, and every trouble was noticed."""
        return self.served and all(one.is_noticed for one in self.noticed)

    def place(self, stage: str, rule: str) -> str:
        """Where in the spec a rule stands, as `file:line:column`; empty if unknown."""
        return place(self.origins, stage, rule=rule) if stage else ""

    def line(self, stage: str, rule: str) -> str:
        """The line of the spec that a rule stands on; empty if unknown."""
        file, _, rest = self.place(stage, rule).partition(":")
        number = rest.partition(":")[0]
        lines = self.texts.get(file, "").splitlines()
        return lines[int(number) - 1].strip() if number.isdigit() and int(number) <= len(lines) else ""


def rehearse(scene: Scene, audience: Audience, origins: Mapping[str, Any], texts: Mapping[str, str]) -> Report:
    """Play a scene and write the page; `origins` and `texts` lead from rules to lines of the spec."""
    write_atomically(scene.place.pipeline.with_name("origins.json"), json.dumps(origins).encode("utf-8"))
    performance = Performance(scene, audience)
    served = performance.go()
    moments = tuple(performance.diary.moments)
    found = tuple(fates(scene.deployment.document, moments))
    report = Report(
        scene,
        served,
        moments,
        found,
        tuple(noticed(scene.injections, found, moments, scene.world.begins)),
        performance.counts,
        read_series(scene.deployment, scene.world.begins, scene.ends),
        origins,
        texts,
    )
    write_atomically(report.page, render_page(report).encode("utf-8"))
    write_atomically(
        scene.place.folder / "rehearsal.json", json.dumps(_plain(report.moments), indent=1).encode("utf-8")
    )
    return report


def _plain(moments: Sequence[Moment]) -> list[dict[str, Any]]:
    return [asdict(moment) for moment in moments]
