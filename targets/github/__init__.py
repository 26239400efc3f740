"""The GitHub target: workflows that run the same `run.py` as a laptop does."""

from mlopsc.targets.github.target import GithubTarget

target = GithubTarget()
