"""What is measured: which body and model, streamed or not, how many requests at once."""

from __future__ import annotations

from typing import NamedTuple

# Models of mock.c: c chunks of l characters, the first after f ms, then g ms between them.
SMALL = "mock-c32-l8"
STREAM = "mock-c200-l16"
SLOW = "mock-c200-f200-g5-l16"


class Cell(NamedTuple):
    concurrency: int
    requests: int
    seconds: float
    """At most; a slow gateway answers fewer requests in that time."""


class Scenario(NamedTuple):
    body: str
    """`small` (1 KB), `300k` or `2m`: see gen_bodies.py."""
    model: str
    stream: bool
    tokens: int
    """Content chunks of a complete answer."""
    cells: tuple[Cell, ...]
    slow: bool = False
    """Without warm-up, and with its memory watched while it runs."""


SCENARIOS = {
    "S1": Scenario(
        "small",
        SMALL,
        False,
        32,
        (Cell(1, 1500, 2), Cell(8, 3000, 2), Cell(32, 4000, 2), Cell(64, 4000, 2)),
    ),
    "S4": Scenario("small", STREAM, True, 200, (Cell(1, 200, 3), Cell(8, 400, 3))),
    "S5a-300k": Scenario("300k", SMALL, False, 32, (Cell(1, 150, 3), Cell(8, 200, 3))),
    "S5a-2m": Scenario("2m", SMALL, False, 32, (Cell(1, 30, 4),)),
    "S7a": Scenario("small", SLOW, True, 200, (Cell(100, 100, 5),), slow=True),
}
