"""What `doctor` looks at: the machine, then the project; each look says what it saw and what to do about it."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mlopsc.compiler.cli.exits import CommandFailure
from mlopsc.compiler.cli.looks import PATIENCE, Found, ask_git, guarded, is_writable
from mlopsc.compiler.python_modules import LOCKS

if TYPE_CHECKING:
    from mlopsc.compiler.cli.spec import Spec
    from mlopsc.compiler.compilation import Compilation

OLDEST = (3, 11)
LITTLE_SPACE = 1_000_000_000


def examine(file: str | None) -> Iterator[Found]:
    """Every look, one after the other; those at a project only if there is one."""
    yield from (look() for look in (_python, _run_extra, _cache, _git))
    from mlopsc.compiler.cli.spec import locate

    try:
        spec = locate(file)
    except CommandFailure as failure:
        yield Found("warn", "spec", failure.message, failure.hint)
        return
    compilation = spec.compile()
    yield _spec(spec, compilation)
    yield _dependencies(spec)
    yield _space(spec)
    yield _ignored(spec)
    yield _lock(spec, compilation)
    if not compilation.has_errors:
        yield _built(spec, compilation)
        for name in compilation.pipelines:
            yield guarded(f"store of {name}", partial(_store, spec, compilation, name))
            yield _tracker(spec, compilation, name)
        from mlopsc.compiler.cli.examination_of_github import examine_github
        from mlopsc.compiler.cli.examination_of_terraform import examine_terraform

        yield from examine_github(spec, compilation)
        yield from examine_terraform(spec, compilation)


def _python() -> Found:
    version = platform.python_version()
    if sys.version_info < OLDEST:
        return Found("fail", "Python", version, f"mlopsc needs {OLDEST[0]}.{OLDEST[1]} or newer")
    from mlopsc.compiler.cli.crash import program_version

    return Found("ok", "Python", f"{version} with mlopsc {program_version()}")


def _run_extra() -> Found:
    from mlopsc.stdlib.runtime.extras import missing_of

    missing = missing_of("run")
    if missing:
        fact = f"not installed: {', '.join(missing)}; check, fmt and build work without"
        return Found("warn", "extra [run]", fact, '`pip install "mlopsc[run]"` to run stages')
    return Found("ok", "extra [run]", "installed")


def _cache() -> Found:
    from mlopsc.compiler.syntax.tables import cache_folder

    folder = cache_folder()
    if folder is None:
        return Found(
            "warn", "cache", "this user has no home folder", "set XDG_CACHE_HOME, or each command starts slower"
        )
    if not is_writable(folder):
        return Found("warn", "cache", f"{folder} cannot be written", "make it writable, or each command starts slower")
    return Found("ok", "cache", str(folder))


def _git() -> Found:
    if shutil.which("git") is None:
        return Found("warn", "git", "not found", "install it: versions of models name the commit they come from")
    if ask_git("rev-parse", "--is-inside-work-tree") != "true":
        return Found(
            "warn", "git", "this folder is in no repository", "`git init`: versions of models name their commit"
        )
    return Found("ok", "git", "this folder is in a repository")


def _spec(spec: Spec, compilation: Compilation) -> Found:
    errors = sum(one.is_error for one in compilation.diagnostics)
    shown = spec.shown(spec.name)
    if errors:
        return Found("fail", "spec", f"{shown} has {errors} {'error' if errors == 1 else 'errors'}", "`mlopsc check`")
    return Found("ok", "spec", f"{shown} has no errors")


def _dependencies(spec: Spec) -> Found:
    found = next((name for name in LOCKS if (spec.folder / name).is_file()), None)
    if found is None:
        fact = f"none of {', '.join(LOCKS)}"
        return Found("warn", "dependencies", fact, "`pip freeze > requirements.txt`: what is installed decides results")
    return Found("ok", "dependencies", found)


def _space(spec: Spec) -> Found:
    free = shutil.disk_usage(spec.folder).free
    fact = f"{free / 1e9:.1f} GB free"
    return Found("warn", "disk", fact, "free some") if free < LITTLE_SPACE else Found("ok", "disk", fact)


def _ignored(spec: Spec) -> Found:
    if ask_git("rev-parse", "--is-inside-work-tree", folder=spec.folder) != "true":
        return Found("ok", "ignored files", "no repository")
    for path in (".mlops/", "deploy/x/x/origins.json"):
        if ask_git("check-ignore", path, folder=spec.folder) is None:
            name = path.rpartition("/")[2] or path
            return Found("warn", "ignored files", f"git does not ignore {name}", f"`echo {name} >> .gitignore`")
    return Found("ok", "ignored files", "git ignores what is this machine's alone")


def _lock(spec: Spec, compilation: Compilation) -> Found:
    from mlopsc.stdlib.runtime.engine.lock import NAME, Lock
    from mlopsc.stdlib.runtime.store.faults import OperationError

    if not (spec.folder / NAME).exists():
        return Found("warn", NAME, "not there yet", "`mlopsc run` writes it; then commit it")
    model = compilation.model
    pipeline = model.pipeline.name if model.pipeline else ""
    try:
        locks = {one.name: Lock(spec.folder, pipeline, one.name) for one in compilation.environments}
    except OperationError as error:
        return Found("fail", NAME, error.message, error.hint)
    stages = {stage.name for one in compilation.environments for stage in one.stages.values() if stage.kind.has_schema}
    unpinned = sorted(name for name in stages if all(lock.pin(name) is None for lock in locks.values()))
    if unpinned:
        return Found("warn", NAME, f"it does not pin {', '.join(unpinned)}", "`mlopsc run` pins them")
    if ask_git("status", "--porcelain", "--", NAME, folder=spec.folder):
        return Found("warn", NAME, "it has changed since the last commit", f"`git commit {NAME}`")
    return Found("ok", NAME, "it pins the rows of every data stage")


def _built(spec: Spec, compilation: Compilation) -> Found:
    from mlopsc.compiler.cli.outputs import compare
    from mlopsc.compiler.cli.sound import DEFAULT_TARGETS

    files = [one for one in compilation.emit(DEFAULT_TARGETS) if one.committed]
    refused = next((one for one in compilation.diagnostics_for(DEFAULT_TARGETS) if one.is_error), None)
    if refused is not None:
        return Found("warn", "deploy/", f"it cannot be compared: {refused.message}", refused.hint or "`mlopsc check`")
    if not compare(spec.folder, spec.name, files, DEFAULT_TARGETS).is_empty:
        return Found("warn", "deploy/", "its files are not those of the spec", "`mlopsc build`")
    return Found("ok", "deploy/", "its files are those of the spec")


def _store(spec: Spec, compilation: Compilation, environment: str) -> Found:
    from mlopsc.stdlib.runtime.store.opening import environment_store, is_elsewhere

    what = f"store of {environment}"
    settings = compilation.pipelines[environment].environment.settings
    store = environment_store(settings, spec.folder)
    if is_elsewhere(settings):
        fact = (
            f"MLOPSC_STORE does not say where it is on the cloud; commands take {spec.shown(store.url)} of this machine"
        )
        return Found(
            "warn", what, fact, "set it to the output `store` of `terraform output`, or write `store` in the spec"
        )
    if "://" in store.url:
        store.get("doctor")
        return Found("ok", what, f"{store.url} answers; writing to it was not tried")
    if not is_writable(Path(store.url)):
        return Found(
            "fail", what, f"{store.url} cannot be written", "make it writable, or set `store` in the environment"
        )
    return Found("ok", what, f"{store.url} can be written")


def _tracker(spec: Spec, compilation: Compilation, environment: str) -> Found:
    what = f"tracker of {environment}"
    tracking = compilation.pipelines[environment].environment.settings.get("tracking")
    if tracking is None:
        return Found("ok", what, spec.shown(".mlops/mlflow.db"))
    from urllib.parse import urlsplit

    address = urlsplit(str(tracking))
    if not address.hostname:
        return Found("ok", what, str(tracking))
    port = address.port or (443 if address.scheme == "https" else 80)
    return _reached(what, address.hostname, port)


def _reached(what: str, host: str, port: int) -> Found:
    import socket

    try:
        with socket.create_connection((host, port), timeout=PATIENCE):
            return Found("ok", what, f"{host} answers")
    except OSError as error:
        hint = "start it, or correct `tracking`; runs go on without it"
        return Found("warn", what, f"{host}:{port} does not answer: {error.strerror or error}", hint)
