"""Runs gateways side by side against one mock upstream; see README.md. Standard library only.

bench.py check --gateways direct,floor,axonhub
bench.py run   --gateways direct,floor,axonhub --scenarios S1,S4 --rounds 5 --out r.jsonl
bench.py start --gateways floor,axonhub --out r.jsonl
bench.py table r.jsonl
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from pathlib import Path
from typing import Any

import procs
from gateways import DIRECT, HERE, Bench, GatewayFailed
from load import measure
from scenarios import SCENARIOS, STREAM, Cell
from table import tables


def check(options: argparse.Namespace) -> None:
    """Does each gateway answer rightly, streamed and not?"""
    with _bench(options) as bench:
        for name in _started(bench, options.gateways):
            for route in bench.gateways[name]["routes"]:
                print(f"{name} {route}: whole", *bench.probe(name, route))
                streamed = bench.probe(name, route, model=STREAM, stream=True, tokens=200)
                print(f"{name} {route}: stream", *streamed)


def run(options: argparse.Namespace) -> None:
    """Each cell of each round over all gateways in turn, the order reversed in odd rounds."""
    only = {int(word) for word in options.conc.split(",")} if options.conc else None
    with _bench(options) as bench, open(options.out, "a") as out:
        names = _started(bench, options.gateways)
        for number in range(options.rounds):
            for label in options.scenarios.split(","):
                for cell in SCENARIOS[label].cells:
                    if only is not None and cell.concurrency not in only:
                        continue
                    for name in names if number % 2 == 0 else names[::-1]:
                        if not bench.serves(name, SCENARIOS[label].route):
                            continue
                        row = measure(bench, name, label, SCENARIOS[label], cell)
                        out.write(json.dumps(row | {"round": number}) + "\n")
                        out.flush()
                        print(_line(number, label, cell, name, row), flush=True)


def start(options: argparse.Namespace) -> None:
    """Start-up time and idle memory."""
    with _bench(options) as bench, open(options.out, "a") as out:
        for number in range(options.rounds):
            for name in options.gateways.split(","):
                seconds = bench.start(name)
                time.sleep(1.5)
                pids = procs.tree(bench.pids[name])
                row = {
                    "gateway": name,
                    "scenario": "S8",
                    "round": number,
                    "start_s": round(seconds, 3),
                    "start_cpu_s": procs.cpu_s(pids),
                    "rss_mb": round(procs.rss_mb(pids), 1),
                }
                bench.stop(name)
                out.write(json.dumps(row) + "\n")
                print(row, flush=True)


def table(options: argparse.Namespace) -> None:
    """Medians and ranges as Markdown."""
    lines = [line for file in options.files for line in Path(file).read_text().splitlines()]
    for line in tables([json.loads(line) for line in lines]):
        print(line)


def _bench(options: argparse.Namespace) -> Bench:
    return Bench(
        Path(options.registry),
        mock_port=options.mock_port,
        python=options.python,
        pin=not options.no_pin,
    )


def _started(bench: Bench, names: str) -> list[str]:
    for name in names.split(","):
        if name != DIRECT:
            seconds = bench.start(name)
            memory = procs.rss_mb(procs.tree(bench.pids[name]))
            print(f"# {name} up in {seconds:.2f} s, {memory:.0f} MB", flush=True)
    return names.split(",")


def _line(number: int, label: str, cell: Cell, name: str, row: dict[str, Any]) -> str:
    latency = row["lat_ms"] or {}
    return (
        f"round {number} {label:8} {cell.concurrency:3} at once {name:10} ok={row['ok']:<5} "
        f"errors={row['errors']:<4} {row['rps']:9.1f}/s p50={latency.get('p50')} ms "
        f"cpu={row['cpu_ms_per_req']} ms/req rss={row['rss_peak_mb']} MB"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    for action in (check, run, start):
        command = commands.add_parser(action.__name__, help=action.__doc__)
        command.set_defaults(action=action)
        command.add_argument("--gateways", required=True)
        command.add_argument("--registry", default=str(HERE / "gateways.json"))
        command.add_argument("--python", default=sys.executable)
        command.add_argument("--mock-port", type=int, default=19911)
        command.add_argument("--no-pin", action="store_true")
        if action is not check:
            command.add_argument("--rounds", type=int, default=3)
            command.add_argument("--out", default="results.jsonl")
        if action is run:
            command.add_argument("--scenarios", required=True)
            command.add_argument("--conc", help="only these concurrencies: 1,32")
    command = commands.add_parser("table", help=table.__doc__)
    command.set_defaults(action=table)
    command.add_argument("files", nargs="+")
    return parser


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    given = _parser().parse_args()
    try:
        given.action(given)
    except (GatewayFailed, OSError) as error:
        sys.exit(f"error: {error}")
