"""The registries that images of a pipeline are kept in: one for each account of a cloud."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlopsc.targets import Build
from mlopsc.targets.github.clouds import cloud_of
from mlopsc.targets.github.clouds.cloud import Cloud, Registry
from mlopsc.targets.image.contents import needs_image


def registries(builds: Sequence[Build]) -> Iterator[tuple[Registry, list[str]]]:
    """Those of accounts in which an environment runs something from an image, each with the names of these
    environments, in the order of `follows`."""
    accounts: dict[tuple[str, str], list[Cloud]] = {}
    for cloud in map(cloud_of, builds):
        if cloud is not None:
            accounts.setdefault((cloud.extra, cloud.account), []).append(cloud)
    for first, *others in accounts.values():
        names = [one.environment for one in (first, *others) if needs_image(one.build)]
        if names:
            # Whoever applies `bootstrap/` makes one registry, by the first environment of the account.
            yield first.registry, names
