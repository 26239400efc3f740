"""Alerts as plain data: what a rule file of Prometheus says of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from mlopsc.targets.prometheus.promql import duration, number

Severity = Literal["page", "ticket"]


@dataclass(frozen=True)
class Alert:
    """One alert: fires while `expression` has had a result for `lasting` seconds.

    `rule` is the id of the rule of the spec, or the word of a built-in event; `line` is that rule as it was written;
    `action` is the first thing to do.
    """

    name: str
    rule: str
    expression: str
    summary: str
    action: str
    line: str = ""
    lasting: float = 0.0
    severity: Severity = "ticket"
    labels: Mapping[str, str] = field(default_factory=dict)

    def document(self, common: Mapping[str, str]) -> dict[str, Any]:
        """As a rule file holds it, with labels that all have in common.

        Prometheus reads labels and annotations as templates, so their braces are escaped.
        """
        texts = {"summary": self.summary, "spec": self.line, "runbook": self.action}
        labels = {"severity": self.severity, "rule": self.rule, **self.labels, **common}
        return {
            "alert": self.name,
            "expr": self.expression,
            **({"for": duration(self.lasting)} if self.lasting else {}),
            "labels": {name: no_template(text) for name, text in labels.items()},
            "annotations": {name: no_template(text) for name, text in texts.items() if text},
        }


def share_of(part: str, whole: str) -> str:
    """A share of counters, 0 where none of the part has ever been counted; on two lines."""
    return f"(sum({part}) or vector(0))\n  / sum({whole})"


def slower_than(within: str, calls: str, share: float) -> str:
    """Whether less than a share of calls was within a limit; nothing where no bucket ends at the limit."""
    return f"1 - sum({within})\n  / sum({calls})\n  > {number(1 - share)}"


def no_template(text: str) -> str:
    """A text that a Go template renders as it was."""
    return text.replace("{{", '{{ "{{" }}')
