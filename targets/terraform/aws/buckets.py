"""What buckets are called; every check asks, so nothing else is here."""

from __future__ import annotations

from mlopsc.targets.terraform.naming import name


def own_bucket(pipeline: str, environment: str, account: str) -> str:
    """The name of the bucket that an environment has where the spec names none."""
    return name("aws_s3_bucket", pipeline, environment, "store", account)
