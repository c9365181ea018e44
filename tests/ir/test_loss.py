from __future__ import annotations

from axonhub_cli.ir.loss import Loss


def test_equal_losses_are_one() -> None:
    assert len({Loss("a", "b"), Loss("a", "b"), Loss("a", "c")}) == 2
