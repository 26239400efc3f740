"""Emits what the image of a pipeline is built by, where an environment on a cloud needs one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.compiler.semantics.model import EnvironmentModel, SemanticModel
from mlopsc.targets import Build, OutputFile

if TYPE_CHECKING:
    from mlopsc.targets.image.contents import Contents

_PYTHON = "3.11"


class ImageTarget:
    """`deploy/<pipeline>/image/Dockerfile`, and beside it what Docker leaves out."""

    name = "image"

    def check(self, model: SemanticModel, environment: EnvironmentModel) -> Iterable[Diagnostic]:  # noqa: ARG002
        """Nothing: every pipeline can be an image."""
        return ()

    def emit(self, builds: Sequence[Build]) -> list[OutputFile]:
        """Two files, if any environment needs an image."""
        # A check loads targets too, and must not pay for what writes.
        from mlopsc.targets.image.contents import DOCKERFILE, IGNORED, Contents, needs_image

        there = [build for build in builds if needs_image(build)]
        if not there:
            return []
        contents = Contents(there)
        github = builds[0].pipeline.settings.get("github")
        python = str(github.get("python", _PYTHON)) if isinstance(github, dict) else _PYTHON
        header = f"# Written by `mlopsc build` from {_in_one_line(builds[0].spec)}: edit that, not this.\n"
        return [
            OutputFile(f"{contents.folder}/{DOCKERFILE}", header + _dockerfile(contents, python)),
            OutputFile(f"{contents.folder}/{IGNORED}", header + contents.ignored),
        ]


def base_of(python: str) -> str:
    """The image that others are built on, unless another is given."""
    return f"python:{python}-slim"


def _dockerfile(contents: Contents, python: str) -> str:
    lock = f"COPY {contents.lock} ./\n" if contents.lock else ""
    pinned = f"--requirement {contents.lock} " if contents.lock else ""
    extras = ",".join(["run", "serve", *contents.clouds])
    return _DOCKERFILE.format(
        folder=contents.folder, base=base_of(python), lock=lock, pinned=pinned, mlopsc=f"mlopsc[{extras}]"
    )


def _in_one_line(text: str) -> str:
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in text)


_DOCKERFILE = """\
#
# The project as it is committed, with what its lock pins. Build it in the folder of the spec:
#   docker buildx build --file {folder}/Dockerfile .
# It has no store and no credentials: both come from where it runs.
ARG BASE={base}
FROM ${{BASE}}

# Nobody of that number is anywhere else, and it needs no name that a base image would have to know.
ENV HOME=/home/pipeline LOGNAME=pipeline PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /home/pipeline/project
RUN chown -R 10001:10001 /home/pipeline

{lock}RUN python -m pip install --no-cache-dir {pinned}"{mlopsc}"

COPY --chown=10001:10001 . .
USER 10001:10001
ENTRYPOINT ["mlopsc"]
"""
