"""From syntax trees to what they mean: the one way into the checker."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from mlopsc.compiler.records import Entity
from mlopsc.compiler.schema.declarations import Function
from mlopsc.compiler.schema.registry import Registry
from mlopsc.compiler.semantics import messages_blocks, messages_types, messages_words
from mlopsc.compiler.semantics.calls import evaluate_call
from mlopsc.compiler.semantics.context import Context, Trace
from mlopsc.compiler.semantics.environments import Environments, evaluate_block
from mlopsc.compiler.semantics.findings import Findings, Refused
from mlopsc.compiler.semantics.literals import value_of_constant
from mlopsc.compiler.semantics.memory import Memory
from mlopsc.compiler.semantics.merging import Merger
from mlopsc.compiler.semantics.model import ConstantModel, MetricModel, PipelineModel, SemanticModel
from mlopsc.compiler.semantics.project import ProjectReader
from mlopsc.compiler.semantics.scopes import ConstantDefinition, Program, collect
from mlopsc.compiler.semantics.slots import Slot
from mlopsc.compiler.syntax import ast
from mlopsc.compiler.text import Location, Span

if TYPE_CHECKING:
    from pydantic import JsonValue


def analyse(
    files: Sequence[ast.File],
    registry: Registry,
    project: ProjectReader,
    focus: Collection[str] | None = None,
    memory: Memory | None = None,
) -> SemanticModel:
    """What a program means, and what is wrong with it. `files` are the main one and then those that it uses.

    Never fails: what is wrong is in the model's `diagnostics`. No files give an empty model. With `focus`, only stages
    of these names and what they read are looked at: for what an editor offers while somebody types. With the `memory`
    of an earlier state, only the stages that have changed since are checked; the model of that state is void then.
    """
    if not files:
        return SemanticModel((), registry, None, {}, {}, {}, ())
    findings = Findings(_faults(files))
    memory = memory or Memory()
    memory.begin(files, registry)
    program = collect(files, registry, project, findings, memory.origins, memory.scope)
    analysis = _Analysis(program, Merger(program), tuple(files))
    constants, metrics = analysis.constants(), analysis.metrics()
    environments = Environments(program, analysis.merger, files[0].source, memory, focus).check()
    memory.end()
    pipeline = analysis.pipeline(is_needed=any(environment.stages for environment in environments.values()))
    return SemanticModel(
        tuple(files),
        registry,
        pipeline,
        constants,
        metrics,
        environments,
        findings.diagnostics,
        findings,
    )


def _faults(files: Sequence[ast.File]) -> Iterator[Location]:
    for file in files:
        for chunk, start in zip(file.chunks, file.starts, strict=True):
            yield from (Location(file.source, problem.span.shifted(start)) for problem in chunk.problems)


class _Analysis(Entity):
    program: Program
    merger: Merger
    files: tuple[ast.File, ...]

    def pipeline(self, *, is_needed: bool) -> PipelineModel | None:
        """The one `pipeline` block of the program."""
        blocks, findings = self.program.pipelines, self.program.findings
        for other in blocks[1:]:
            findings.report(messages_blocks.second_pipeline(other.home.at(other.block.header), blocks[0].name_at))
        if blocks:
            merged = self.merger.merged(blocks[0])
            return PipelineModel(blocks[0].name, evaluate_block(self.program, merged), merged.header_at)
        is_damaged = any(chunk.problems for file in self.files for chunk in file.chunks)
        if is_needed and not is_damaged:
            start = Location(self.files[0].source, Span(0, 0))
            findings.report(messages_blocks.no_pipeline(start))
        return None

    def metrics(self) -> Mapping[str, MetricModel]:
        """The metrics that the program defines."""
        found = {}
        for name, definition in self.program.metrics.items():
            merged = self.merger.merged(definition)
            settings = evaluate_block(self.program, merged)
            if not merged.is_abstract:
                found[name] = MetricModel(name, settings, merged.header_at)
        return found

    def constants(self) -> Mapping[str, ConstantModel]:
        """The constants of the program, those that nobody uses too."""
        return {name: self._constant(name, one) for name, one in self.program.constants.items()}

    def _constant(self, name: str, definition: ConstantDefinition) -> ConstantModel:
        context = Context(self.program, definition.home, Trace())
        try:
            value = value_of_constant(definition, context)
            json = self._call(definition, context) if value.dimension == "call" else value.json()
            if value.dimension == "logic":
                raise context.refused(messages_types.no_constant(context.at(definition.setting.value), name))
        except Refused:
            return ConstantModel(name, None, definition.name_at)
        return ConstantModel(name, json, definition.name_at, value.is_secret)

    def _call(self, definition: ConstantDefinition, context: Context) -> JsonValue:
        """A call is checked where it is used; here too, if its name has only one meaning."""
        node = definition.setting.value
        while isinstance(node, ast.Group):
            node = node.inner
        if not isinstance(node, ast.Call):
            return None
        word, registry = node.callee.text, self.program.registry
        found = [one for one in registry.functions if one.word == word]
        if not found:
            at = context.at(node.callee)
            known = [one.word for one in registry.functions]
            raise context.refused(messages_words.unknown_function(at, word, (Function,), known))
        if len(found) > 1:
            return None
        return dict(evaluate_call(node, (found[0],), Slot(f"`{definition.local}`"), context))
