import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from axonhub_cli.protocols import PROTOCOLS
from axonhub_cli.tracing.said import Said, begins_with, said_in, said_in_stream
from tests.support import chat_plays, plays

WORDS = ["Hel", 'lo "you" ', "\\ué\n", "\U0001f600!"]


def test_a_stream_of_text_is_read_without_decoding_its_events() -> None:
    events = [
        plays.event("content_block_delta", delta={"type": "text_delta", "text": word})
        for word in WORDS
    ]
    chunks = [chat_plays.chunk({"content": word}) for word in WORDS]
    chunks.append(chat_plays.chunk({"content": None}))
    expected = Said("".join(WORDS).strip())
    assert said_in_stream("anthropic", b"".join(events)) == expected
    assert said_in_stream("openai_chat", b"".join(chunks)) == expected


@pytest.mark.parametrize(
    ("protocol", "stream"),
    [
        ("anthropic", b"".join(plays.as_events(plays.tool_use("ls", {})))),
        ("openai_chat", b"".join(chat_plays.as_chunks(chat_plays.call("ls", {})))),
        ("anthropic", b'data: {"type": "text_delta", "index": 0, "text": "x"}'),
        ("openai_chat", b'data: {"content": ["x"]}'),
        ("openai_chat", b'data: {"content": "\\x"}'),
        ("gemini", b"data: {}"),
    ],
)
def test_any_other_stream_is_left_to_be_decoded(protocol: str, stream: bytes) -> None:
    assert said_in_stream(protocol, stream) is None


@given(st.lists(st.text(max_size=20), min_size=1, max_size=5))
def test_what_is_cut_out_of_a_stream_is_what_decoding_it_tells(words: list[str]) -> None:
    valid = [word.encode("utf-8", "replace").decode() for word in words]
    events = b"".join(plays.as_events(plays.text("")))
    first, last = events.split(b"event: content_block_stop", 1)
    deltas = b"".join(
        plays.event("content_block_delta", index=0, delta={"type": "text_delta", "text": word})
        for word in valid
    )
    stream = first + deltas + b"event: content_block_stop" + last
    decoded = said_in(PROTOCOLS["anthropic"].read_answer(stream).content)
    assert said_in_stream("anthropic", stream) == decoded


def test_a_last_chunk_that_repeats_the_answer_is_not_said_twice() -> None:
    last = {"index": 0, "finish_reason": "stop", "message": {"content": "Hello"}}
    stream = chat_plays.chunk({"content": "Hello"}) + chat_plays.chunk({}, choices=[last])
    assert said_in_stream("openai_chat", stream) is None


def test_what_an_answer_cites_is_not_said() -> None:
    cited = {"type": "url_citation", "url_citation": {"url": "https://a", "content": "a page"}}
    stream = chat_plays.chunk({"content": "Hello", "annotations": [cited]})
    assert said_in_stream("openai_chat", stream) is None
    assert said_in(PROTOCOLS["openai_chat"].read_answer(stream).content) == Said("Hello")
    without = chat_plays.chunk({"content": "Hello", "annotations": []})
    assert said_in_stream("openai_chat", without) == Said("Hello")


def test_of_several_choices_the_first_is_what_was_said() -> None:
    choices = [(0, "A"), (1, "B"), (0, "C")]
    stream = b"".join(
        chat_plays.chunk({}, choices=[{"index": index, "delta": {"content": word}}])
        for index, word in choices
    )
    assert said_in_stream("openai_chat", stream) is None
    assert said_in(PROTOCOLS["openai_chat"].read_answer(stream).content) == Said("AC")


def test_a_block_that_begins_with_words_is_said_whole() -> None:
    block = {"type": "text", "text": "Hel"}
    stream = b"".join(
        [
            plays.event("content_block_start", index=0, content_block=block),
            plays.event("content_block_delta", index=0, delta={"type": "text_delta", "text": "lo"}),
        ]
    )
    assert said_in_stream("anthropic", stream) is None


def test_how_a_message_begins_is_not_looked_for_behind_a_picture() -> None:
    words = {"type": "text", "text": 'look "here"'}
    picture = {"type": "image", "source": {"type": "base64", "data": "A" * 5000}}
    for content, beginning in (([words], b"look \\"), ([picture, words], None)):
        message = json.dumps({"role": "user", "content": content}).encode()
        assert begins_with(Raw(message)) == beginning
