"""Losses are told once each, in the order they were met."""

from __future__ import annotations

from axonhub_cli.ir.loss import Loss
from axonhub_cli.protocols.anthropic.losses import Losses


def test_the_same_loss_is_told_once() -> None:
    losses = Losses()
    losses.add("seed", "no")
    losses.add("user", "no")
    losses.add("seed", "no")
    losses.add("seed", "other")
    assert losses.all() == (Loss("seed", "no"), Loss("user", "no"), Loss("seed", "other"))


def test_members_without_counterpart_are_named_one_by_one() -> None:
    losses = Losses()
    losses.add_extra("", {"n": 2})
    losses.add_extra("messages[*]", {"audio": None})
    assert [loss.path for loss in losses.all()] == ["n", "messages[*].audio"]
