"""Losses are told once a path."""

from __future__ import annotations

from axonhub_cli.protocols.openai_chat.losses import Losses


def test_a_path_is_told_once() -> None:
    losses = Losses()
    losses.add("a", "first")
    losses.add("a", "second")
    losses.add_members("tools[*]", {"x": 1})
    assert [(loss.path, loss.reason) for loss in losses.all()] == [
        ("a", "first"),
        ("tools[*].x", "Chat Completions has no such field"),
    ]


def test_members_that_were_taken_in_part_are_told_by_what_is_left() -> None:
    losses = Losses()
    losses.add_members("", {"thinking": {"display": "omitted"}, "container": {"id": "c"}})
    assert [loss.path for loss in losses.all()] == ["thinking.display", "container"]
