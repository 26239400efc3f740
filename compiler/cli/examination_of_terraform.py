"""What `doctor` looks at where Terraform keeps an environment: tools, lock files, credentials, the job's token."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mlopsc.compiler.cli.looks import Found, ask_git

if TYPE_CHECKING:
    from mlopsc.compiler.cli.spec import Spec
    from mlopsc.compiler.compilation import Compilation
    from mlopsc.targets import Build

_CLOUDS = ("aws", "azure")


def examine_terraform(spec: Spec, compilation: Compilation) -> Iterator[Found]:
    """Every look; none where no environment needs Terraform."""
    from mlopsc.targets.terraform.platforms import platform_of

    words = {name: platform_of(build) for name, build in compilation.builds.items()}
    kept = [name for name, call in words.items() if call["function"] in _CLOUDS or call.get("terraform")]
    if not kept:
        return
    yield _terraform()
    yield from _writer()
    in_clouds = [name for name in kept if words[name]["function"] in _CLOUDS]
    for name in in_clouds:
        yield _providers(spec, compilation.builds[name])
    yield from _credentials({str(words[name]["function"]) for name in in_clouds})
    if in_clouds:
        yield from _token(compilation, in_clouds)


def _terraform() -> Found:
    from mlopsc.targets.terraform.reading.running import INSTALL, is_old, version_of
    from mlopsc.targets.terraform.writer import OLDEST_TERRAFORM

    hint = INSTALL.format(oldest=OLDEST_TERRAFORM)
    version = version_of()
    if version is None:
        return Found("warn", "terraform", "not found; build and run work without", hint)
    if is_old(version):
        return Found("warn", "terraform", f"{version} is older than {OLDEST_TERRAFORM}", hint)
    return Found("ok", "terraform", version)


def _writer() -> Iterator[Found]:
    """What writes the files: the Terraform CDK, and Node for it."""
    from mlopsc.targets.terraform.synthesis import ToolError, find_node, require_cdk

    for what, look in (("extra [terraform]", require_cdk), ("node", find_node)):
        try:
            found = look()
        except ToolError as error:
            yield Found("warn", what, f"{error.fact}; `mlopsc build` needs it, run does not", error.hint)
        else:
            yield Found("ok", what, str(found) if found else "installed")


def _providers(spec: Spec, build: Build) -> Found:
    from mlopsc.targets.terraform.reading.running import LOCK

    folder = f"{build.folder}/terraform"
    what, path = f"providers of {build.pipeline.environment.name}", f"{folder}/{LOCK}"
    shown = spec.shown(path)
    if not (spec.folder / path).is_file():
        hint = f"`terraform -chdir={spec.shown(folder)} init -backend=false` writes it; then commit it"
        return Found("warn", what, f"no {shown}, so each machine takes the newest", hint)
    if ask_git("rev-parse", "--is-inside-work-tree", folder=spec.folder) != "true":
        return Found("ok", what, f"{shown} pins them")
    if ask_git("ls-files", "--error-unmatch", "--", path, folder=spec.folder) is None:
        return Found("warn", what, f"{shown} is not committed", f"`git add {shown}`, then commit it")
    if ask_git("status", "--porcelain", "--", path, folder=spec.folder):
        return Found("warn", what, f"{shown} has changed since the last commit", "read what changed, then commit it")
    return Found("ok", what, f"{shown} pins them, and is committed")


def _credentials(clouds: set[str]) -> Iterator[Found]:
    from mlopsc.targets.terraform.reading.credentials import aws_credentials, azure_credentials

    looks = {"aws": lambda: aws_credentials(os.environ, Path.home()), "azure": lambda: azure_credentials(os.environ)}
    for cloud in sorted(clouds):
        found = looks[cloud]()
        yield Found("ok" if found.are_there else "warn", f"credentials of {cloud}", found.fact, found.next)


def _token(compilation: Compilation, environments: list[str]) -> Iterator[Found]:
    """In a job on GitHub: what its token says, and who trusts that."""
    from mlopsc.targets.terraform.reading.token import URL, TokenError, claims, judged

    if not os.environ.get(URL):
        return
    pipeline = compilation.pipelines[environments[0]]
    github = pipeline.settings.get("github")
    try:
        github = github if isinstance(github, dict) else None
        found = judged(claims(os.environ), github, pipeline.name, environments)
    except TokenError as error:
        yield Found("fail", "token of this job", error.fact, error.hint)
        return
    if found.trusted_by:
        yield Found("ok", "token of this job", f"sub is {found.subject}, which {', '.join(found.trusted_by)} trusts")
    else:
        yield Found("fail", "token of this job", f"sub is {found.subject}, and no environment trusts that", found.hint)
