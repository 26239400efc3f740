"""Questions about the graph of a pipeline: what comes from what, what could run side by side, what takes longest."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlopsc.compiler.ir.model import Pipeline

if TYPE_CHECKING:
    from networkx import DiGraph


@dataclass(frozen=True)
class Lineage:
    """Where a stage's outputs come from and where they go, each in the order of the pipeline."""

    stage: str
    files: tuple[str, ...]
    """The project's files that it or a stage before it names."""
    before: tuple[str, ...]
    after: tuple[str, ...]


def graph_of(pipeline: Pipeline) -> DiGraph[str]:
    """Stages as nodes with their `kind`, and an edge from each input to the stage that reads it."""
    from networkx import DiGraph

    graph: DiGraph[str] = DiGraph()
    graph.add_nodes_from((stage.name, {"kind": stage.kind}) for stage in pipeline.stages)
    graph.add_edges_from((source, stage.name) for stage in pipeline.stages for source in stage.inputs)
    return graph


def ancestors(pipeline: Pipeline, stage: str) -> tuple[str, ...]:
    """All stages whose outputs reach the stage; raises KeyError when there is no such stage."""
    from networkx import ancestors

    found = ancestors(graph_of(pipeline), pipeline.stage(stage).name)
    return tuple(one.name for one in pipeline.stages if one.name in found)


def descendants(pipeline: Pipeline, stage: str) -> tuple[str, ...]:
    """All stages that the outputs of the stage reach; raises KeyError when there is no such stage."""
    from networkx import descendants

    found = descendants(graph_of(pipeline), pipeline.stage(stage).name)
    return tuple(one.name for one in pipeline.stages if one.name in found)


def lineage(pipeline: Pipeline, stage: str) -> Lineage:
    """Where a stage's outputs come from and where they go; raises KeyError when there is no such stage."""
    before = ancestors(pipeline, stage)
    files = {file for name in (*before, stage) for file in pipeline.stage(name).files}
    return Lineage(stage, tuple(sorted(files)), before, descendants(pipeline, stage))


def levels(pipeline: Pipeline) -> tuple[tuple[str, ...], ...]:
    """Stages by how many stages must come before them, one after the other; those of a level could run together."""
    from networkx import topological_generations

    place = {stage.name: number for number, stage in enumerate(pipeline.stages)}
    return tuple(tuple(sorted(level, key=place.__getitem__)) for level in topological_generations(graph_of(pipeline)))


def critical_path(pipeline: Pipeline, seconds: Mapping[str, float]) -> tuple[str, ...]:
    """The chain of stages that takes longest: no number of workers makes a run shorter than it.

    `seconds` says how long each stage takes; one that is missing takes none.
    """
    from networkx import dag_longest_path

    graph = graph_of(pipeline)
    for source, stage in graph.edges:
        graph.edges[source, stage]["seconds"] = seconds.get(stage, 0.0)
    start = ""
    for stage in list(graph.nodes):
        graph.add_edge(start, stage, seconds=seconds.get(stage, 0.0))
    return tuple(dag_longest_path(graph, weight="seconds", default_weight=0)[1:])


def differences(left: DiGraph[str], right: DiGraph[str]) -> tuple[str, ...]:
    """In what two graphs of stages differ, in words; nothing where they are equivalent."""
    found = [f"only one has the stage `{name}`" for name in sorted(set(left) ^ set(right))]
    for name in sorted(set(left) & set(right)):
        kinds = left.nodes[name].get("kind"), right.nodes[name].get("kind")
        if kinds[0] != kinds[1]:
            found.append(f"the stage `{name}` is `{kinds[0]}` in one and `{kinds[1]}` in the other")
    edges = sorted(set(left.edges) ^ set(right.edges))
    found += [f"only in one does `{stage}` read `{source}`" for source, stage in edges]
    return tuple(found)


def together(pipeline: Pipeline, names: Container[str]) -> list[tuple[str, ...]]:
    """Those of the stages that hang together by their edges, group by group, all in the pipeline's order."""
    from networkx import weakly_connected_components

    order = {stage.name: index for index, stage in enumerate(pipeline.stages) if stage.name in names}
    groups = weakly_connected_components(graph_of(pipeline).subgraph(order))
    return sorted((tuple(sorted(group, key=order.__getitem__)) for group in groups), key=lambda one: order[one[0]])
