"""A channel has as much left as the best of its tokens that can be used."""

from __future__ import annotations

import pytest

from axonhub_cli.routing.allowances import Allowances
from axonhub_cli.routing.supply import Supply
from axonhub_cli.routing.tokens import Tokens
from tests.routing.test_allowances import NOW, A, Token, bucket, plan

B = Token("b")


class World:
    def __init__(self, *tokens: Token) -> None:
        self.allowances, self.tokens = Allowances(), Tokens()
        self.supply = Supply(self.allowances, self.tokens, lambda channel: tokens)

    @property
    def left(self) -> tuple[float | None, float | None]:
        return self.supply.headroom("ch", "m", NOW), self.supply.quota("ch", "m", NOW)


def test_of_a_channel_that_tells_nothing_nothing_is_known() -> None:
    world = World(A, B)
    assert world.left == (None, None)
    world.allowances.note("other", A, "m", [*bucket(0), *plan(1.0)], NOW)
    assert world.left == (None, None)


def test_a_channel_without_tokens_has_limits_too() -> None:
    world = World()
    world.allowances.note("ch", None, "m", [*bucket(40), *plan(0.5)], NOW)
    assert world.left == pytest.approx((0.4, 0.5))


def test_the_best_token_counts() -> None:
    world = World(A, B)
    world.allowances.note("ch", A, "m", [*bucket(0), *plan(1.0)], NOW)
    assert world.left == (None, None), "nothing is known of b, so nothing speaks against it"
    world.allowances.note("ch", B, "m", [*bucket(30), *plan(0.6)], NOW)
    assert world.left == pytest.approx((0.3, 0.4))


def test_a_token_that_is_aside_does_not_count_unless_all_are() -> None:
    world = World(A, B)
    world.allowances.note("ch", A, "m", [*bucket(0), *plan(1.0)], NOW)
    world.allowances.note("ch", B, "m", [*bucket(30), *plan(0.6)], NOW)
    world.tokens.failed("ch", B, "m", "401", NOW)
    assert world.left == (0.0, 0.0)
    world.tokens.failed("ch", A, "m", "401", NOW)
    assert world.left == pytest.approx((0.3, 0.4))
