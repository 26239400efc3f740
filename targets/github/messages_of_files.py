"""The words for files of the repository's owner that cannot be followed."""

from __future__ import annotations

from mlopsc.compiler.diagnostics import Code, Diagnostic, message
from mlopsc.compiler.text import Location


@message("E640", "pins that cannot be followed")
def wrong_pins(code: Code, at: Location, place: str, fact: str, hint: str) -> Diagnostic:
    """The workflows name every action by a commit, and `.github/mlopsc-pins.yml`, at the top of the repository, says
    which. The file is yours to change. What it says must be a release and a commit of 40 hex digits for actions that
    the workflows use: a commit that is guessed, or a name that nobody looks at, would be found only on GitHub, or
    never. Nothing is written until it is mended; without the file, the releases that `mlopsc` knows are used.
    `mlopsc pins check` looks at it alone.
    """
    return Diagnostic(code, at, f"`{place}`: {fact}", label="its workflows are written by that file", hint=hint)


@message("E645", "overlays that cannot be followed")
def wrong_overlays(code: Code, at: Location, place: str, fact: str, hint: str) -> Diagnostic:
    """`.github/mlopsc-overlays.yml`, at the top of the repository, is laid over the workflows that a build writes, and
    survives every build: other machines, more time, variables, services, and steps before or after ours, each found by
    the id of its workflow, job and step. Ids do not change as long as the spec's names do not. What follows from the
    spec (who waits for whom, what a token may do, who approves) cannot be laid over, and what comes of it is held to
    the same rules as all workflows here: actions by commit, no expression in a script, an end for each job. Nothing is
    written until it is mended.

    ```yaml
    bike_demand-ci:
      jobs:
        train-demand:
          runs-on: [self-hosted, gpu]
          timeout-minutes: 120
          steps:
            wheels:
              before: install
              run: python -m pip download --dest wheels --requirement requirements.txt
            run:
              env:
                OMP_NUM_THREADS: 4
    ```
    """
    return Diagnostic(code, at, f"`{place}`: {fact}", label="its workflows are changed by that file", hint=hint)
