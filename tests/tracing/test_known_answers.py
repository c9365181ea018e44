import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axonhub_cli.jsonio import read_envelope
from axonhub_cli.protocols import PROTOCOLS
from axonhub_cli.tracing.fingerprint import History
from axonhub_cli.tracing.known_answers import KnownAnswers, Place, choose
from axonhub_cli.tracing.lineage import Lineage
from axonhub_cli.tracing.recorder import RequestRecord
from tests.tracing.records import attempt, message, record, text


def history(*words: str) -> History:
    """A user's words and the answers, in turn."""
    roles = ("user", "assistant")
    messages = [{"role": roles[n % 2], "content": said} for n, said in enumerate(words)]
    return History("k", read_envelope(json.dumps({"model": "m", "messages": messages}).encode())[0])


@pytest.mark.parametrize(
    ("steps", "takes", "expected"),
    [
        ([b"new"], True, "free later"),
        ([b"new"], False, "free later"),
        ([b"failing"], True, "failed"),
        ([b"going"], True, "free later"),
        ([b"going"], False, "went on"),
        ([b"going", b"new"], True, "went on"),
        ([b"new", b"going"], True, "free later"),
    ],
)
def test_the_place_that_fits_is_chosen(steps: list[bytes], takes: bool, expected: str) -> None:
    places = [
        Place("went on", step=b"going", at=1),
        Place("free"),
        Place("failed", step=b"failing", failed=True, at=2),
        Place("free later"),
    ]
    assert choose(places, steps, asker=(1, 1), takes=takes).trace == expected


def test_where_all_went_on_the_same_step_or_else_the_last_one_is_chosen() -> None:
    places = [Place("first", step=b"a", at=1), Place("last", step=b"b", at=2)]
    assert choose(places, [b"a"], asker=(1, 1), takes=True).trace == "first"
    assert choose(places, [b"c"], asker=(1, 1), takes=True).trace == "last"


def test_of_conversations_alike_the_one_that_came_the_same_way_goes_on() -> None:
    ways = [(1, 1), (1, 2), (2, 2), None]
    places = [Place(str(way), asker=way) for way in ways]
    found = [
        choose(places, [b"a"], asker=asker, takes=True).trace
        for asker in ((1, 1), (1, 2), (1, 3), (2, 1), (3, 2))
    ]
    assert found == ["(1, 1)", "(1, 2)", "(1, 2)", "(2, 2)", "None"]


def test_nothing_is_found_where_nothing_is_known() -> None:
    known = KnownAnswers(10)
    assert known.find(history("hi", "Hello!", "?")) is None
    assert known.find_calls(history("hi", "Hello!", "?")) is None
    assert known.find_calls(history()) is None


def test_what_is_used_is_remembered_longest() -> None:
    known = KnownAnswers(4)
    seen = [next(iter(history(f"q{n}", f"a{n}", "?"))) for n in range(3)]
    for at, (one, of) in enumerate(zip(seen, (0, 1, 2), strict=True)):
        assert one.mark is not None
        known.add((history(f"q{of}", f"a{of}").keys_after(one)[0], one.mark), Place(f"t{at}"))
        known.find(history("q0", "a0", "?"))
    found = [known.find(history(f"q{n}", f"a{n}", "?")) for n in range(3)]
    assert [one and one.places[0].trace for one in found] == ["t0", None, "t2"]


class Session:
    """A user who says what his script says, and sends back whatever he is answered."""

    def __init__(self, name: str, script: list[str]) -> None:
        self.name = name
        self.script = script
        self.messages: list[dict[str, Any]] = []
        self.traces: list[tuple[str, str]] = []
        """What the conversation was, and in which trace that was asked."""

    @property
    def ended(self) -> bool:
        return len(self.traces) == len(self.script)

    def ask(self, known: Lineage, number: int, *, fails: bool) -> RequestRecord:
        word = self.script[len(self.traces)]
        asking = [*self.messages, {"role": "user", "content": word}]
        body = json.dumps({"model": "m", "messages": asking}).encode()
        content = self.answer(word, len(asking))
        asked = record(
            f"r{number}",
            linked=True,
            body=body,
            envelope=read_envelope(body)[0],
            attempts=[] if fails else [attempt(message(*content))],
            status="failed" if fails else "completed",
        )
        asked.trace_id = asyncio.run(known.find(asked)) or f"{self.name}{number}"
        known.begun(asked)
        if not fails:
            self.traces.append((json.dumps(asking), asked.trace_id))
            self.messages = [*asking, {"role": "assistant", "content": content}]
        return asked

    def answer(self, word: str, length: int) -> list[dict[str, Any]]:
        """The same conversation is answered alike, whoever asks; the ids of calls are new."""
        said = text("Done." if word == "hi" else f"{word} " * 30)
        if word != "call":
            return [said]
        call_id = f"toolu_{self.name}{length:016}"
        return [said, {"type": "tool_use", "id": call_id, "name": "ls", "input": {}}]


SCRIPTS = st.lists(st.sampled_from(["go on", "why?", "call"]), min_size=1, max_size=4)
STEPS = st.tuples(st.integers(0, 3), st.booleans(), st.sampled_from([False, False, False, True]))


@settings(max_examples=60, derandomize=True)
@given(
    scripts=st.lists(SCRIPTS, min_size=2, max_size=4),
    steps=st.lists(STEPS, min_size=8, max_size=20),
)
def test_sessions_that_began_alike_never_mix(
    scripts: list[list[str]], steps: list[tuple[int, bool, bool]]
) -> None:
    known = Lineage(PROTOCOLS)
    sessions = [Session(f"s{n}-", ["hi", *script]) for n, script in enumerate(scripts)]
    for number, (turn, is_read, fails) in enumerate(steps):
        session = sessions[turn % len(sessions)]
        if not session.ended:
            asked = session.ask(known, number, fails=fails)
            if is_read:
                known.learn(asked)
    # So many turns, alike or not, are in as many traces; and what differs from all others
    # goes on in one.
    for at in range(max(map(len, scripts)) + 1):
        turns = [one.traces[at] for one in sessions if len(one.traces) > at]
        assert len({trace for _, trace in turns}) == len(turns)
    for one in sessions:
        others = {said for other in sessions if other is not one for said, _ in other.traces}
        assert len({trace for said, trace in one.traces if said not in others}) <= 1
