"""What lenses do: `mlopsc run STAGE` and `mlopsc why STAGE` as processes, with their progress and what came of them."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from mlopsc.compiler.lsp.documents import Documents
from mlopsc.compiler.lsp.projects import Projects

RUN, WHY = "mlops.run", "mlops.why"
_PROGRAM = (sys.executable, "-m", "mlopsc.compiler.cli")
_LONGEST_LINE = 1 << 26
_MOST_TOLD = 3
_PATIENCE = 5
"""Seconds in which an editor shows a bar of progress, or does without."""
_ENDED = {
    "ok": (types.MessageType.Info, "is done"),
    "fail": (types.MessageType.Warning, "has failed"),
    "undecided": (types.MessageType.Warning, "is undecided"),
    "skipped": (types.MessageType.Warning, "was skipped"),
    "interrupted": (types.MessageType.Warning, "was interrupted"),
    "error": (types.MessageType.Error, "was stopped by an error"),
}


class Commands:
    """The commands of one editor; of a spec, one runs at a time."""

    def __init__(self, server: LanguageServer, documents: Documents, projects: Projects) -> None:
        self._server = server
        self._documents = documents
        self._projects = projects
        self._count = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._running: dict[Path, Process | None] = {}
        server.command(RUN)(lambda *arguments: self._begin(self._run, arguments))
        server.command(WHY)(lambda *arguments: self._begin(self._why, arguments))
        server.feature(types.SHUTDOWN)(lambda *_: self._stop())

    def _begin(self, work: Any, arguments: tuple[Any, ...]) -> None:
        """Answer the editor at once, and do the work beside what it asks next."""
        uri, stage = (*map(str, arguments), "", "")[:2]
        spec = self._spec(uri)
        if spec is not None and stage:
            self._running[spec] = None
            coroutine: Coroutine[Any, Any, None] = work(spec, stage)
            task = asyncio.get_running_loop().create_task(coroutine)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _spec(self, uri: str) -> Path | None:
        """The file of a spec, unless it is not on disk as it is in the editor: then the next step is said."""
        project = self._projects.of(uri)
        path = project.folder / project.main if project.folder is not None else None
        opened = self._documents.get(uri)
        try:
            is_saved = path is not None and path.is_file() and (opened is None or opened.text == _text(path))
        except OSError:
            is_saved = False
        if not is_saved:
            self._tell(types.MessageType.Warning, "save the spec first: what runs is the file on disk")
            return None
        if path in self._running:
            self._tell(types.MessageType.Info, f"`{path.name}` is running already" if path else "")
            return None
        return path

    async def _run(self, spec: Path, stage: str) -> None:
        token, found = None, dict[str, Any]()
        try:
            token = await self._progress(f"mlopsc run {stage}")
            process = await self._start(spec, "run", str(spec), stage, "--json")
            assert process.stdout is not None
            assert process.stderr is not None
            reading = asyncio.create_task(process.stderr.read())
            async for line in process.stdout:
                self._hear(line, token, found)
            said = (await reading).decode("utf-8", "replace")
            await process.wait()
            self._tell(*_outcome(stage, found, said))
        except (OSError, ValueError) as error:
            self._tell(types.MessageType.Error, f"`mlopsc run {stage}` did not go on: {error}; run it in a terminal")
        finally:
            _end(self._running.pop(spec, None))
            if token is not None:
                self._server.work_done_progress.end(token, types.WorkDoneProgressEnd())
            if self._documents.wishes.refreshes_lenses:
                self._server.workspace_code_lens_refresh(None)

    async def _why(self, spec: Path, stage: str) -> None:
        try:
            process = await self._start(spec, "why", str(spec), stage)
            out, said = await process.communicate()
        except OSError as error:
            self._tell(types.MessageType.Error, f"`mlopsc why {stage}` did not start: {error}; try it in a terminal")
            return
        finally:
            self._running.pop(spec, None)
        rows = out.decode("utf-8", "replace").splitlines()[1:]
        told = "\n".join(" ".join(row.split()) for row in rows) or said.decode("utf-8", "replace").strip()
        kind = types.MessageType.Info if process.returncode == 0 else types.MessageType.Error
        self._tell(kind, told or f"`mlopsc why {stage}` said nothing")

    async def _start(self, spec: Path, *arguments: str) -> Process:
        process = await asyncio.create_subprocess_exec(
            *_PROGRAM, *arguments, cwd=spec.parent, stdin=DEVNULL, stdout=PIPE, stderr=PIPE, limit=_LONGEST_LINE
        )
        self._running[spec] = process
        return process

    async def _progress(self, title: str) -> str | None:
        """A bar of progress, where the editor has one."""
        if not self._documents.wishes.progress:
            return None
        self._count += 1
        token = f"{title} {self._count}"
        try:
            await asyncio.wait_for(self._server.work_done_progress.create_async(token), _PATIENCE)
        except (JsonRpcException, TimeoutError):  # it runs without
            return None
        self._server.work_done_progress.begin(token, types.WorkDoneProgressBegin(title))
        return token

    def _hear(self, line: bytes, token: str | None, found: dict[str, Any]) -> None:
        """One event of a run: what begins is shown, how stages ended is kept; warnings stand between events."""
        try:
            event = json.loads(line)
        except ValueError:
            return
        match event.get("event"):
            case "StageStarted" if token is not None:
                report = types.WorkDoneProgressReport(message=f"{event['kind']} {event['stage']}")
                self._server.work_done_progress.report(token, report)
            case "StageFinished":
                found[event["summary"]["stage"]] = event["summary"]

    def _tell(self, kind: types.MessageType, text: str) -> None:
        self._server.window_show_message(types.ShowMessageParams(kind, text))

    def _stop(self) -> None:
        """The editor leaves: nobody waits any more for what still runs. What is done is kept."""
        for process in self._running.values():
            _end(process)


def _end(process: Process | None) -> None:
    """End a process that nobody listens to any more; what it has done is kept."""
    if process is not None and process.returncode is None:
        process.terminate()


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace")


def _outcome(stage: str, found: dict[str, Any], said: str) -> tuple[types.MessageType, str]:
    """What came of a run: of its stage, else of the first that kept it from being reached."""
    order = [found[stage]] if stage in found else []
    order = [*(one for one in found.values() if one["outcome"] in ("error", "fail", "undecided")), *order]
    if not order:
        lines = [line for line in said.splitlines() if line.strip()]
        return types.MessageType.Error, "\n".join(lines[:3]) or f"`mlopsc run {stage}` said nothing"
    first = order[0]
    kind, words = _ENDED[first["outcome"]]
    failure, record = first.get("failure") or {}, first.get("record") or {}
    why = first.get("reason", "") if first["outcome"] == "skipped" else ""
    reasons = [failure.get("message", ""), failure.get("hint", ""), why]
    judged = record.get("facts", {}).get("rules", ())
    rules = [f"{one['text']}: {one['reason']}" for one in judged if one["verdict"] != "pass"]
    rules += [one["text"] for one in record.get("messages", ()) if one["rule"]][:_MOST_TOLD]
    cached = ", as before" if first.get("cached") else ""
    told = [f"`{first['stage']}` {words}{cached}", *(reasons if first["outcome"] != "ok" else ()), *rules]
    return kind, "\n".join(filter(None, told))
