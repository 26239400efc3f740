"""One page that is open: the language server of editors, and what the page asks beyond it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from mlopsc.compiler.compilation import Compilation
from mlopsc.compiler.lsp.documents import path_of, uri_of
from mlopsc.compiler.lsp.projects import Project
from mlopsc.compiler.lsp.server import Server
from mlopsc.compiler.playground.desk import Desk, NotDone
from mlopsc.compiler.playground.views import Json, emitted, explained, forecast_of, listing, view
from mlopsc.compiler.schema.registry import Registry
from mlopsc.targets import OutputFile

Result = TypeVar("Result")


class Session(Server):
    """The language server of one page. What takes longer than a keystroke is done beside it, one after another."""

    def __init__(self, desk: Desk, version: str, registry: Registry, targets: Sequence[str]) -> None:
        super().__init__(version, registry, targets)
        self._desk = desk
        self._registry = registry
        self._targets = targets
        self._files: dict[str, OutputFile] = {}
        self._state: tuple[Compilation, Compilation] | None = None
        self._beside = ThreadPoolExecutor(1, thread_name_prefix="playground")
        answers: dict[str, Callable[[Any], Awaitable[Any]]] = {
            "open": self._open,
            "read": self._read,
            "view": self._view,
            "files": self._list,
            "file": self._file,
            "forecast": self._forecast,
            "explain": self._explain,
            "save": self._save,
        }
        for name, answer in answers.items():
            self.feature(f"playground/{name}")(self._told(answer))

    def leave(self) -> None:
        """The page is closed."""
        self._beside.shutdown(wait=False, cancel_futures=True)
        super().shutdown()  # type: ignore[no-untyped-call]

    def _told(self, answer: Callable[[Any], Awaitable[Any]]) -> Callable[[Any], Awaitable[Any]]:
        """What answers a request; what cannot be done is an answer that says so."""

        async def handle(params: Any) -> Any:
            try:
                return await answer(params)
            except NotDone as refused:
                return {"cannot": refused.message, "hint": refused.hint}
            except Exception as error:
                fact = f"no answer, by a mistake of mlopsc: {type(error).__name__}: {error}"
                return {"cannot": fact, "hint": "edit further; if it stays, please report it"}

        return handle

    async def _open(self, _: Any) -> Json:
        main = uri_of(self._desk.folder / self._desk.main)
        project = self.projects.of(main)
        return {
            "main": main,
            "title": self._desk.title,
            "place": self._desk.place,
            "scratch": self._desk.home is not None,
            "files": [{"uri": project.uri(path), "path": path} for path in self._program()],
        }

    async def _read(self, params: Any) -> Json:
        return {"text": self._desk.read(_path(params.uri), self._program())}

    async def _view(self, _: Any) -> Json:
        project = self._project()
        return await self._apart(lambda state: view(state, project.uri))

    async def _list(self, _: Any) -> Json:
        def work(state: Compilation) -> tuple[list[OutputFile], Json]:
            files, refused = emitted(state, self._targets)
            return files, {"files": listing(files, state), "refused": refused, "broken": state.has_errors}

        files, told = await self._apart(work)
        if not told["broken"]:
            self._files = {file.path: file for file in files}
        return told

    async def _file(self, params: Any) -> Json:
        found = self._files.get(params.path)
        if found is None:
            raise NotDone(f"`{params.path}` is not made by this spec", "choose another file")
        return {"text": found.text}

    async def _forecast(self, params: Any) -> Json:
        folder, name = self._desk.folder, params.environment
        return await self._apart(lambda state: forecast_of(state, name, folder))

    async def _explain(self, params: Any) -> Json:
        found = explained(params.code)
        if found is None:
            raise NotDone(f"there is no page of `{params.code}`", "`mlopsc explain` lists all codes")
        return found

    async def _save(self, params: Any) -> Json:
        texts = {_path(one.uri): one.text for one in params.files}
        path = self._desk.save(texts, self._program())
        return {"path": str(path)}

    def _project(self) -> Project:
        return self.projects.of(uri_of(self._desk.folder / self._desk.main))

    def _program(self) -> list[str]:
        """The files of the spec as it is now."""
        return [file.source.path for file in self._project().compilation.files] or [self._desk.main]

    async def _apart(self, work: Callable[[Compilation], Result]) -> Result:
        """The result of work on the state of the texts as they are now, in the thread beside the server."""
        told = self._project().compilation
        return await asyncio.get_running_loop().run_in_executor(self._beside, lambda: work(self._own(told)))

    def _own(self, told: Compilation) -> Compilation:
        """A compilation of the same texts that only the thread beside the server touches."""
        if self._state is None or self._state[0] is not told:
            known = {file.source.path: file for file in self._state[1].files} if self._state else {}
            self._state = told, Compilation(told.workspace, self._registry, told.main, known)
        return self._state[1]


def _path(uri: str) -> Path:
    found = path_of(uri)
    if found is None:
        raise NotDone(f"`{uri}` is no file", "name one of this project")
    return found
