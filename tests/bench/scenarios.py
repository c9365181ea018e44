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
    route: str
    """The client's protocol and the upstream's: `a` Anthropic Messages, `o` OpenAI Chat."""
    body: str
    """`small` (1 KB), `300k` or `2m`: see gen_bodies.py."""
    model: str
    stream: bool
    tokens: int
    """Content chunks of a complete answer."""
    cells: tuple[Cell, ...]
    slow: bool = False
    """Without warm-up, and with its memory watched while it runs."""
    yardstick: str | None = None
    """The scenario whose floor this one is held against; None: its own."""


_SMALL_CELLS = (Cell(1, 1500, 2), Cell(8, 3000, 2), Cell(32, 4000, 2), Cell(64, 4000, 2))
_STREAM_CELLS = (Cell(1, 200, 3), Cell(8, 400, 3))
_CONVERTED_STREAM_CELLS = (Cell(1, 100, 3), Cell(8, 200, 3))

SCENARIOS = {
    "S1": Scenario("a2a", "small", SMALL, False, 32, _SMALL_CELLS),
    "S2": Scenario("a2o", "small", SMALL, False, 32, _SMALL_CELLS, yardstick="S1"),
    "S3": Scenario("a2o", "small", STREAM, True, 200, _CONVERTED_STREAM_CELLS, yardstick="S4"),
    "S4": Scenario("a2a", "small", STREAM, True, 200, _STREAM_CELLS),
    "S5-300k": Scenario(
        "a2o", "300k", SMALL, False, 32, (Cell(1, 100, 3), Cell(8, 150, 3)), yardstick="S5a-300k"
    ),
    "S5-2m": Scenario("a2o", "2m", SMALL, False, 32, (Cell(1, 30, 4),), yardstick="S5a-2m"),
    "S5a-300k": Scenario("a2a", "300k", SMALL, False, 32, (Cell(1, 150, 3), Cell(8, 200, 3))),
    "S5a-2m": Scenario("a2a", "2m", SMALL, False, 32, (Cell(1, 30, 4),)),
    "S6": Scenario(
        "o2a", "small", SMALL, False, 32, (Cell(1, 1500, 2), Cell(32, 3000, 2)), yardstick="S1"
    ),
    "S6s": Scenario("o2a", "small", STREAM, True, 200, _CONVERTED_STREAM_CELLS, yardstick="S4"),
    "S6o": Scenario("o2o", "small", SMALL, False, 32, (Cell(1, 1500, 2), Cell(32, 3000, 2))),
    "S7": Scenario(
        "a2o", "small", SLOW, True, 200, (Cell(100, 100, 5),), slow=True, yardstick="S7a"
    ),
    "S7a": Scenario("a2a", "small", SLOW, True, 200, (Cell(100, 100, 5),), slow=True),
}
