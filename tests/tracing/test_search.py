import json
from pathlib import Path
from typing import Any

import pytest

from axonhub_cli.tracing.queries import TraceReader
from axonhub_cli.tracing.search import Found, Search
from tests.tracing.records import NOON, attempt, body_of, message, record, store, text

LONG = "lorem ipsum " * 30


def asked(*texts: str, **fields: Any) -> bytes:
    messages = [{"role": "user", "content": [text(words) for words in texts]}]
    return json.dumps({"model": "m", "messages": messages, **fields}).encode()


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> TraceReader:
    tools = [{"name": "Hidden", "description": "hammer " + LONG * 9, "input_schema": {}}]
    records = [
        record("r1", trace_id="t1", at=NOON, body=asked("the Zebra " + LONG, LONG)),
        record("r2", trace_id="t2", at=NOON + 1, body=asked("short words")),
        record("r3", trace_id="t3", at=NOON + 2, body=asked("Grüße \U0001f984 " + LONG)),
        record("r4", trace_id="t4", at=NOON + 3, body=asked("x" + LONG, tools=tools)),
        record(
            "r5",
            trace_id="t5",
            at=NOON + 4,
            body=body_of("claude-code/basic"),
            attempts=[attempt(message(text("an elephant")))],
        ),
        record("r6", trace_id="t6", at=NOON + 5, body=None, attempts=[]),
    ]
    return store(tmp_path_factory.mktemp("search") / "traces.db", records)


def traces(reader: TraceReader, words: str, limit: int = 10, **more: Any) -> Found[Any]:
    def pages(size: int, offset: int) -> list[Any]:
        return reader.list_traces(limit=size, offset=offset)

    return Search(reader, **more).find_traces(words, pages, limit)


def ids(found: Found[Any]) -> list[str]:
    return [row.id for row in found.rows]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("zebra", ["t1"]),
        ("ZEBRA ipsum", ["t1"]),
        ("zebra short", []),
        ("short", ["t2"]),
        ("Grüße", ["t3"]),
        ("\U0001f984", ["t3"]),
        ("elephant", ["t5"]),
        ("pong", ["t5", "t4", "t3", "t2", "t1"]),
        ("nowhere", []),
    ],
)
def test_traces_are_found_by_words_that_were_said(
    reader: TraceReader, words: str, found: list[str]
) -> None:
    assert ids(traces(reader, words)) == found


def test_the_description_of_a_tool_is_nobodys_words(reader: TraceReader) -> None:
    assert ids(traces(reader, "hammer")) == []


@pytest.mark.parametrize("words", ["role", "ten", "user", "tool_use", "claude-opus", "m", "xyz"])
def test_what_a_body_is_written_with_is_nobodys_words_either(tmp_path: Path, words: str) -> None:
    picture = {"type": "base64", "media_type": "image/png", "data": "AxyzA" * 99}
    call = {"type": "tool_use", "id": "toolu_xyz", "name": "Go", "input": {"a": "b" * 90}}
    messages = [
        {"role": "user", "content": [text("hi"), {"type": "image", "source": picture}]},
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": "so long " * 20},
    ]
    body = {"model": "claude-opus-5-5", "messages": messages, "metadata": {"user_id": "xyz"}}
    records = [
        record("r1", trace_id="t1", body=json.dumps(body).encode(), attempts=[]),
        record("r2", trace_id="t2", body=asked(f"I said {words} " + "to you " * 20), attempts=[]),
    ]
    with store(tmp_path / "traces.db", records) as kept:
        assert ids(traces(kept, words)) == ["t2"]


def test_requests_are_found_too(reader: TraceReader) -> None:
    def pages(size: int, offset: int) -> list[Any]:
        return reader.list_requests(limit=size, offset=offset)

    assert ids(Search(reader).find_requests("zebra", pages, 5)) == ["r1"]
    assert ids(Search(reader).find_requests("elephant", pages, 5)) == ["r5"]


def test_a_search_ends_with_enough_or_when_its_time_is_over(reader: TraceReader) -> None:
    assert ids(traces(reader, "ipsum", limit=1)) == ["t5"]
    # Three looks at the clock for a trace of one request, one before and one at each side of it.
    ticks = (number / 3 for number in range(100))
    found = traces(reader, "zebra", seconds=3.5, clock=lambda: float(next(ticks)))
    assert (ids(found), found.searched, found.cut) == ([], 3, True)
    assert found.last.id == "t4"


def test_an_answer_is_found_that_no_later_request_repeats(tmp_path: Path) -> None:
    """Four questions under one trace id, one of them asked twice, one by a subagent, one that a
    second channel answered."""
    stream = b"".join(
        b"event: content_block_delta\ndata: " + json.dumps(event).encode() + b"\n\n"
        for event in (
            {"type": "content_block_start", "index": 0, "content_block": text("")},
            *(
                {
                    "type": "content_block_delta",
                    "index": 0,
                    "delta": {"type": "text_delta", "text": part},
                }
                for part in ("a wal", "rus \u00e9", "t\u00e9")
            ),
        )
    )
    broken = attempt(message(text("half a xerus")), status="failed")
    answers = [
        [attempt(message(text("a zebra")))],
        [attempt(message(text("a yak")))],
        [attempt(stream)],
        [broken, attempt(message(text("whole")))],
        [attempt(message(text("the last")))],
    ]
    records = [
        record(
            f"r{n}",
            trace_id="run",
            at=NOON + n,
            body=asked("which animal?"),
            attempts=given,
            agent_id="sub" if n == 1 else None,
        )
        for n, given in enumerate(answers)
    ]
    with store(tmp_path / "traces.db", records) as kept:
        for words in ("zebra", "yak", "walrus", "\u00e9t\u00e9", "xerus", "which walrus", "last"):
            assert ids(traces(kept, words)) == ["run"], words
        assert ids(traces(kept, "zebra yak")) == []

        def pages(size: int, offset: int) -> list[Any]:
            return kept.list_requests(limit=size, offset=offset)

        assert ids(Search(kept).find_requests("animal walrus", pages, 5)) == ["r2"]
