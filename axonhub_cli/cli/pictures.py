"""Small pictures out of letters: bars, lines of values over time, spans of time side by side.

For a person's eyes alone: who writes into a pipe leaves them out (`output.shows_pictures`).
"""

from __future__ import annotations

from collections.abc import Sequence

_LEVELS = "▁▂▃▄▅▆▇█"
_EIGHTHS = " ▏▎▍▌▋▊▉"


def spark(values: Sequence[float | None], width: int) -> str:
    """One letter a value, as high as the value; a space where there is none.

    More values than `width` are joined, each letter showing the largest of its share.
    """
    joined = _join(values, width)
    top = max((value for value in joined if value is not None), default=0)
    if top <= 0:
        return "".join(" " if value is None else _LEVELS[0] for value in joined)
    last = len(_LEVELS) - 1
    return "".join(" " if v is None else _LEVELS[round(v / top * last)] for v in joined)


def bar(value: float, top: float, width: int) -> str:
    """A bar of at most `width` letters, exact to an eighth of one."""
    eighths = round(value / top * width * 8) if top > 0 else 0
    whole, rest = divmod(min(eighths, width * 8), 8)
    return "█" * whole + (_EIGHTHS[rest] if rest else "")


def span(began: float, ended: float, first: float, last: float, width: int) -> str:
    """Where in the time from `first` to `last` something ran: `  ▇▇▇▇   `."""
    whole = last - first
    if whole <= 0:
        return "▇" * width
    start = min(width - 1, int((began - first) / whole * width))
    end = max(start + 1, min(width, round((ended - first) / whole * width)))
    return " " * start + "▇" * (end - start) + " " * (width - end)


def _join(values: Sequence[float | None], width: int) -> list[float | None]:
    if len(values) <= width:
        return list(values)
    shares = [
        values[len(values) * at // width : len(values) * (at + 1) // width] for at in range(width)
    ]
    return [max((v for v in share if v is not None), default=None) for share in shares]
