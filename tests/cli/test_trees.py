import pytest

from axonhub_cli.cli.trees import Node, print_tree


def tree() -> Node:
    root = Node("root", "1")
    branch = Node("a\x1b[31m\nb", "31", gap=True)
    branch.add(Node("leaf"))
    root.add(branch)
    return root


def test_in_a_pipe_depth_is_indentation(capsys: pytest.CaptureFixture[str]) -> None:
    print_tree(tree())
    assert capsys.readouterr().out == "root\n\na�[31m\nb\n  leaf\n"


def test_on_a_terminal_there_are_guides(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("axonhub_cli.cli.output.shows_to_person", lambda: True)
    print_tree(tree())
    lines = capsys.readouterr().out.splitlines()
    assert [line.rstrip() for line in lines] == [
        "root",
        "├──",
        "└── a�[31m",
        "    b",
        "    └── leaf",
    ]
