"""What stands around an offset of a file: the nodes of its tree, and whether it is in a comment or a text."""

from __future__ import annotations

from bisect import bisect_right

from mlopsc.compiler.records import Record
from mlopsc.compiler.syntax import ast


class Around(Record):
    """The nodes that hold an offset, the outermost first, and what turns their spans into locations."""

    nodes: tuple[ast.Node, ...]
    origin: ast.Origin
    offset: int

    @property
    def blocks(self) -> tuple[ast.Block, ...]:
        """The blocks that hold the offset between their braces or in their header."""
        return tuple(node for node in self.nodes if isinstance(node, ast.Block))

    @property
    def parent(self) -> ast.Node | None:
        """The node that holds the innermost one."""
        return self.nodes[-2] if len(self.nodes) > 1 else None

    def nearest(self, *kinds: type[ast.Node]) -> ast.Node | None:
        """The innermost node of some kinds."""
        return next((node for node in reversed(self.nodes) if isinstance(node, kinds)), None)


def around(file: ast.File, offset: int) -> Around:
    """What stands around an offset; both ends of a node belong to it."""
    number = max(0, bisect_right(file.starts, offset) - 1)
    chunk, start = file.chunks[number], file.starts[number]
    at = offset - start
    nodes: list[ast.Node] = []
    inner: list[ast.Node] = list(chunk.items)
    while inner:
        found = [node for node in inner if node.span.start <= at <= node.span.end]
        if not found:
            break
        node = min(found, key=lambda one: (one.span.end - one.span.start, one.span.start))
        nodes.append(node)
        inner = list(ast.children(node))
    return Around(tuple(nodes), ast.Origin(file.source, start), offset)


def comment_at(file: ast.File, offset: int) -> ast.Comment | None:
    """The comment that an offset is in, behind its `#`."""
    number = max(0, bisect_right(file.starts, offset) - 1)
    at = offset - file.starts[number]
    found = (one for one in file.chunks[number].comments if one.span.start < at <= one.span.end)
    return next(found, None)
