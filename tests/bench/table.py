"""Rows of measurements as Markdown: medians and ranges over the rounds, and what a gateway adds."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from gateways import DIRECT
from scenarios import SCENARIOS

Row = dict[str, Any]

_COLUMNS = (
    "gateway",
    "p50 ms",
    "added p50",
    "p99 ms",
    "ttft p50",
    "requests/s",
    "CPU ms/req",
    "added / floor",
    "RSS peak MB",
    "errors/n",
    "up conns",
)
YARDSTICK = "floor"


def tables(rows: list[Row]) -> Iterator[str]:
    """The lines of one table a cell."""
    cells: dict[tuple[str, int], dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    starts: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row["scenario"] == "S8":
            starts[row["gateway"]].append(row)
        else:
            cells[row["scenario"], row["conc"]][row["gateway"]].append(row)
    for (scenario, concurrency), gateways in sorted(cells.items()):
        yield f"\n### {scenario}, {concurrency} at once\n"
        yield f"| {' | '.join(_COLUMNS)} |"
        yield "|---" * len(_COLUMNS) + "|"
        for name, measured in gateways.items():
            held_against = cells.get((_yardstick_of(scenario), concurrency), {})
            yield f"| {' | '.join(_cells(name, measured, gateways, held_against))} |"
    if starts:
        yield "\n### S8: start\n\n| gateway | seconds | CPU s | idle RSS MB |\n|---|---|---|---|"
    for name, measured in starts.items():
        values = ("start_s", "start_cpu_s", "rss_mb")
        shown = (_spread([row[key] for row in measured]) for key in values)
        yield f"| {name} | {' | '.join(shown)} |"


def _yardstick_of(label: str) -> str:
    return SCENARIOS[label].yardstick or label


def _cells(
    name: str,
    rows: list[Row],
    gateways: dict[str, list[Row]],
    held_against: dict[str, list[Row]],
) -> Iterator[str]:
    through = name != DIRECT
    yield name
    yield _spread([_of(row, "lat_ms", "p50") for row in rows], 3)
    yield _spread(_added(rows, gateways.get(DIRECT, [])), 3) if through else ""
    yield _spread([_of(row, "lat_ms", "p99") for row in rows])
    yield _spread([_of(row, "ttft_ms", "p50") for row in rows], 3) if rows[0]["stream"] else ""
    yield _spread([row["rps"] for row in rows], 1)
    yield _spread([row["cpu_ms_per_req"] for row in rows], 3) if through else ""
    yield _ratio(rows, gateways, held_against) if name not in (DIRECT, YARDSTICK) else ""
    yield f"{max(row['rss_peak_mb'] for row in rows):.0f}"
    yield f"{sum(row['errors'] for row in rows)}/{sum(row['n'] for row in rows)}"
    yield _spread([row["up_conns"] for row in rows], 0)


def _ratio(
    rows: list[Row], gateways: dict[str, list[Row]], held_against: dict[str, list[Row]]
) -> str:
    """Added latency (of slow streams: all of it), and CPU, as multiples of the yardstick's in the
    same rounds. What converts is held against the floor where it relays."""
    floor, its_direct = held_against.get(YARDSTICK, []), held_against.get(DIRECT, [])
    direct = gateways.get(DIRECT, [])
    if not floor or not direct or not its_direct:
        return ""
    ours, theirs = _median(_added(rows, direct)), _median(_added(floor, its_direct))
    if SCENARIOS[rows[0]["scenario"]].slow:
        ours, theirs = (_median([_of(row, "lat_ms", "p50") for row in r]) for r in (rows, floor))
    cpu, floor_cpu = (_median([row["cpu_ms_per_req"] for row in r]) for r in (rows, floor))
    return f"{_divided(ours, theirs)}, CPU {_divided(cpu, floor_cpu)}"


def _added(rows: list[Row], direct: list[Row]) -> list[float | None]:
    """p50 minus that of `direct` in the same round."""
    base = {row["round"]: _of(row, "lat_ms", "p50") for row in direct}
    pairs = [(_of(row, "lat_ms", "p50"), base.get(row["round"])) for row in rows]
    return [ours - theirs for ours, theirs in pairs if ours is not None and theirs is not None]


def _of(row: Row, group: str, quantile: str) -> float | None:
    value: float | None = (row.get(group) or {}).get(quantile)
    return value


def _median(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def _divided(ours: float | None, theirs: float | None) -> str:
    return f"{ours / theirs:.2f}" if ours is not None and theirs else "-"


def _spread(values: list[float | None], digits: int = 2) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return "-"
    low, middle, high = min(known), statistics.median(known), max(known)
    return f"{middle:.{digits}f} ({low:.{digits}f}-{high:.{digits}f})"
