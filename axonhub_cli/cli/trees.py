"""Trees of text: by indentation in a pipe, with guides and colours on a terminal (rich)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from axonhub_cli.cli import output

if TYPE_CHECKING:
    from rich.text import Text
    from rich.tree import Tree

_INDENT = 2
_STYLES = {
    output.RED: "red",
    output.YELLOW: "yellow",
    output.CYAN: "cyan",
    output.BOLD: "bold",
    output.DIM: "dim",
}


class Node:
    """A text of one or more lines, and what hangs from it. `style` is an ANSI code of `output`;
    `gap`: an empty line stands before it."""

    def __init__(self, text: str, style: str | None = None, *, gap: bool = False) -> None:
        self.text = text
        self.style = style
        self.gap = gap
        self.below: list[Node] = []

    def add(self, node: Node) -> None:
        self.below.append(node)

    def add_all(self, nodes: Iterable[Node]) -> None:
        self.below.extend(nodes)


def print_tree(root: Node) -> None:
    """Write it to stdout. In a pipe what hangs from the root itself stands at its left edge."""
    if output.shows_to_person():
        _print_rich(root)
        return
    _print_plain(root, 0)


def _print_plain(node: Node, depth: int) -> None:
    if node.gap:
        output.line()
    output.paragraph(node.text, indent=max(0, depth - 1) * _INDENT)
    for below in node.below:
        _print_plain(below, depth + 1)


def _print_rich(root: Node) -> None:
    from rich.tree import Tree

    tree = Tree(_label(root), guide_style="dim")
    for below in root.below:
        _add(tree, below)
    output.rich(tree)


def _add(tree: Tree, node: Node) -> None:
    if node.gap:
        tree.add("")
    branch = tree.add(_label(node))
    for below in node.below:
        _add(branch, below)


def _label(node: Node) -> Text:
    from rich.text import Text

    return Text(output.printable(node.text), style=_STYLES.get(node.style or "", ""))
