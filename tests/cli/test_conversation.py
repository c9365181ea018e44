import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from axonhub_cli.cli.conversation import clip, tell
from axonhub_cli.cli.trees import Node
from axonhub_cli.tracing.queries import TraceReader
from axonhub_cli.tracing.turns import read_session
from tests.cli.conftest import SESSION
from tests.support.daemon import Daemon
from tests.support.home import Home, channel
from tests.support.plays import error
from tests.support.upstream import Upstream
from tests.tracing.records import NOON, text
from tests.tracing.sessions import Session, asked, said


def depths(node: Node, depth: int = 0) -> Iterator[tuple[str, int]]:
    yield node.text, depth
    for below in node.below:
        yield from depths(below, depth + 1)


def test_a_subagent_stands_further_in_than_its_caller(recorded: Home) -> None:
    with TraceReader(recorded.paths.trace_db) as reader:
        root = tell(read_session(reader, SESSION), now=2_000_000_000.0)
    by_text = dict(depths(root))
    assert by_text["There is a README.md."] < by_text["No bugs found."]


def test_a_long_text_is_clipped_with_its_lines_and_says_so() -> None:
    assert clip("a\nb") == "a\nb"
    assert clip("x" * 2500) == "x" * 2000 + "… (500 more characters)"


def test_what_is_folded_or_side_by_side_says_so(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.add([asked("one")], text("a"))
    session.add([asked("two")], text("b"), client="unknown")
    session.add([asked("one"), said(text("a")), asked("more")], text("c"))
    search = json.dumps({"messages": [asked("cats")], "tools": [{"type": "web_search_1"}]})
    for _ in range(5):
        session.add(search.encode(), text("42 cats"))
    lines = [line for line, _ in depths(tell(session.view(), now=NOON))]
    assert "3 ▸ more (goes on from 1)" in lines
    folded = lines.index("+ 5 web searches")
    assert lines[folded + 1 : folded + 5] == ["cats → 42 cats"] * 3 + ["… and 2 more"]


def test_a_cost_that_is_known_in_part_is_a_lower_bound_in_steps_and_turns(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.add([asked("one")], text("a"))
    session.add([asked("one"), said(text("a")), asked("two")], text("b"))
    view = session.view()
    (first, *others) = [step for turn in view.turns for step in turn.steps]
    paid = replace(first, request=replace(first.request, cost_usd=1.25, unpriced=1))
    turn = replace(view.turns[0], steps=(paid, *others))
    lines = [line for line, _ in depths(tell(replace(view, turns=(turn,)), now=NOON))]
    assert any(line.startswith("● ") and "· ≥ $1.25 ·" in line for line in lines)
    assert any(line.startswith("= ") and line.endswith("cost ≥ $1.25") for line in lines)


def test_on_a_terminal_lines_are_wrapped_and_coloured(recorded: Home) -> None:
    ours, theirs = pty.openpty()
    environ = recorded.environ | {"TERM": "xterm", "COLUMNS": "40"}
    command = [sys.executable, "-m", "axonhub_cli", "trace", "show", SESSION]
    subprocess.run(command, env=environ, stdout=theirs, timeout=15, check=True)
    os.close(theirs)
    shown = b""
    while b"token count" not in shown:
        shown += os.read(ours, 65536)
    os.close(ours)
    assert b"\x1b[31m" in shown
    text = shown.decode().replace("\x1b[0m", "")
    for code in ("1", "2", "31", "36"):
        text = text.replace(f"\x1b[{code}m", "")
    assert "\x1b" not in text
    assert max(len(line) for line in text.splitlines()) <= 40


def test_what_the_client_was_told_of_its_only_attempt_is_shown_once(
    home: Home, upstream: Upstream
) -> None:
    home.configure(channel(upstream.url))
    daemon = Daemon(home).start()
    upstream.script(error(401, "authentication_error", "invalid token"))
    daemon.post(
        b'{"model":"claude-x","messages":[{"role":"user","content":"hi"}]}', ah_trace_id="t1"
    )
    daemon.stop()
    shown = home.axonhub("trace", "show", "t1").stdout
    assert shown.count("invalid token") == 1
    assert "axonhub channel edit main --ask-token" in shown
