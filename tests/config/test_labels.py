"""Labels: what people call a channel's tokens."""

from __future__ import annotations

import pytest

from axonhub_cli.config.labels import label_of, labels_of, shown_reference


@pytest.mark.parametrize(
    ("reference", "label"),
    [
        ("keyring:channel/main/work/3f9a2c41", "work"),
        ("file:channel/main/3f9a2c41", "3f9a2c41"),
        ("env:ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_AUTH_TOKEN"),
        ("command:/usr/bin/op read op://vault/item", "op"),
        ("command:OP_SESSION=abc op read op://vault/item", "op"),
        ("command:A=b", "command"),
    ],
)
def test_a_label_is_the_part_that_people_know(reference: str, label: str) -> None:
    assert label_of(reference) == label


def test_no_two_labels_of_a_channel_are_alike() -> None:
    references = ["command:op read a", "command:op read b", "env:op", "env:other"]
    assert labels_of(references) == ["op", "op#2", "op#3", "other"]


@pytest.mark.parametrize(
    ("reference", "shown"),
    [
        ("keyring:channel/a/1/00ff", "keyring:channel/a/1/00ff"),
        ("env:NAME", "env:NAME"),
        ("command:op read op://x", "command:op …"),
        ("command:token", "command:token"),
        ("command:OP_SESSION=abc op read op://x", "command:op …"),
    ],
)
def test_a_reference_is_shown_without_a_commands_arguments(reference: str, shown: str) -> None:
    assert shown_reference(reference) == shown
