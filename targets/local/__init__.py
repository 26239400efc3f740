"""The local target: a runner that anybody can read, and the pipeline that it runs."""

from mlopsc.targets.local.target import LocalTarget

target = LocalTarget()
