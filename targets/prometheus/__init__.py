"""The Prometheus target: alert rules from what a release guards and what a monitor watches."""

from mlopsc.targets.prometheus.target import PrometheusTarget

target = PrometheusTarget()
