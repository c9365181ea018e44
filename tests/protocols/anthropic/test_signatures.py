"""Signed reasoning: found in answers, taken out of requests, and refusals of it recognised."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli import jsonio
from axonhub_cli.protocols.anthropic.signatures import (
    NO_CONTENT,
    drop_all_reasoning,
    find_signatures,
    foreign_edits,
    is_signature_refusal,
)
from axonhub_cli.protocols.codec import UNSIGNED

OURS, THEIRS = "EqoBCkgIARAB/ours+==", "ErUBCkYICxgC/theirs+=="


def is_foreign(signature: str) -> bool:
    return "theirs" in signature


def edited(body: bytes, foreign: Callable[[str], bool] = is_foreign) -> bytes:
    return jsonio.splice(body, foreign_edits(body, jsonio.object_spans(body), foreign))


def stripped(body: bytes) -> Any:
    edits = drop_all_reasoning(body, jsonio.object_spans(body))
    return json.loads(jsonio.splice(body, edits))


def thinking(signature: str | None = THEIRS) -> dict[str, Any]:
    signed = {} if signature is None else {"signature": signature}
    return {"type": "thinking", "thinking": 'so "signature":"x", then ]}', **signed}


TEXT = {"type": "text", "text": 'the "signature" in a "thinking" block'}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {"signature": THEIRS}}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "ok"}
REDACTED = {"type": "redacted_thinking", "data": THEIRS}


def body(*messages: tuple[str, Any], **more: Any) -> bytes:
    turns = [{"role": role, "content": content} for role, content in messages]
    return json.dumps({"model": "m", "messages": turns, **more}).encode()


# --- taking it out


def test_foreign_reasoning_goes_and_the_order_of_the_rest_stays() -> None:
    sent = body(
        ("user", "go"),
        ("assistant", [thinking(), TEXT, REDACTED, thinking(OURS), CALL, thinking(UNSIGNED)]),
        ("user", [RESULT]),
    )
    content = json.loads(edited(sent))["messages"][1]["content"]
    assert content == [TEXT, thinking(OURS), CALL]


def test_nothing_foreign_is_nothing_to_do() -> None:
    ours = {"type": "redacted_thinking", "data": OURS}
    sent = body(("assistant", [thinking(OURS), ours, TEXT, CALL]))
    assert foreign_edits(sent, jsonio.object_spans(sent), is_foreign) == []


def test_without_reasoning_nobody_is_asked() -> None:
    def refuse(signature: str) -> bool:
        raise AssertionError(signature)

    sent = body(("user", [TEXT, {"type": "image", "source": {"type": "base64", "data": "AAAA"}}]))
    assert foreign_edits(sent, jsonio.object_spans(sent), refuse) == []


def test_the_placeholder_goes_whoever_is_asked() -> None:
    """thedotmack/claude-mem #3198: 428 errors a day from signatures of another provider."""
    sent = body(("assistant", [thinking(UNSIGNED), TEXT]))
    assert json.loads(edited(sent, lambda signature: False))["messages"][0]["content"] == [TEXT]


def test_a_message_of_reasoning_only_keeps_a_legal_form() -> None:
    sent = body(("assistant", [thinking(), REDACTED]), ("user", "go on"))
    messages = json.loads(edited(sent))["messages"]
    assert messages[0] == {"role": "assistant", "content": [json.loads(NO_CONTENT)]}
    assert messages[1] == {"role": "user", "content": "go on"}


def test_a_signature_written_with_escapes_is_recognised() -> None:
    escaped = json.dumps(THEIRS).replace("/", "\\/").replace("+", "\\u002b").encode()
    sent = body(("assistant", [thinking(), TEXT])).replace(json.dumps(THEIRS).encode(), escaped)
    assert json.loads(edited(sent))["messages"][0]["content"] == [TEXT]


def test_messages_given_twice_the_last_ones_count() -> None:
    once = body(("assistant", [thinking(), TEXT]))
    members = jsonio.object_spans(once)
    messages = next(once[span.start : span.end] for span in members if span.key == "messages")
    twice = once[:-1] + b', "messages": ' + messages + b"}"
    assert json.loads(edited(twice))["messages"][0]["content"] == [TEXT]


def test_dropping_all_takes_unsigned_reasoning_too() -> None:
    """AIClient2API #437, Bedrock: `thinking.signature: Field required`."""
    sent = body(("assistant", [thinking(None), thinking(OURS), REDACTED, TEXT]), ("user", "go"))
    assert stripped(sent)["messages"][0]["content"] == [TEXT]
    assert drop_all_reasoning(body(("user", "go")), []) == []


@pytest.mark.parametrize(
    "sent",
    [
        b'{"messages": null, "x": {"type": "thinking", "signature": "theirs"}}',
        b'{"messages": [1, null, "thinking\\"", {"content": "\\"thinking\\""}]}',
        b'{"messages": [{"content": {"type": "thinking", "signature": "theirs"}}]}',
        b'{"messages": [{"role": "assistant", "content": [1, {"type": ["thinking"]}, null]}]}',
        b'{"x": [{"type": "thinking", "signature": "theirs"}]}',
    ],
)
def test_odd_bodies_are_the_apis_to_refuse(sent: bytes) -> None:
    assert edited(sent) == sent
    assert stripped(sent) == json.loads(sent)


# --- thinking itself

ENABLED = {"type": "enabled", "budget_tokens": 4000}
CLEAR = {"type": "clear_thinking_20251015", "keep": "all"}
CLEAR_TOOLS = {"type": "clear_tool_uses_20250919"}


@pytest.mark.parametrize(
    ("messages", "stays_on"),
    [
        # "Expected `thinking` or `redacted_thinking`, but found `tool_use`"
        ([("assistant", [thinking(), CALL]), ("user", [RESULT])], False),
        ([("assistant", [thinking(), CALL]), ("user", [RESULT]), ("assistant", [CALL])], False),
        ([("assistant", [thinking(), thinking(OURS), CALL]), ("user", [RESULT])], True),
        ([("assistant", [thinking(), TEXT]), ("user", "go on")], True),
        ([("assistant", [thinking(), CALL]), ("user", [RESULT]), ("user", "go on")], True),
        ([("assistant", [thinking(), CALL]), ("user", [RESULT]), ("user", "I was thinking")], True),
        ([("assistant", [thinking(), CALL]), ("user", [RESULT]), ("assistant", "user")], False),
        ([("assistant", [thinking(OURS), CALL]), ("user", [RESULT])], True),
    ],
)
def test_thinking_is_off_where_a_tool_loop_lost_its_reasoning(
    messages: list[tuple[str, Any]], stays_on: bool
) -> None:
    management = {"edits": [CLEAR, CLEAR_TOOLS]}
    sent = body(*messages, thinking=ENABLED, context_management=management)
    after = json.loads(edited(sent))
    assert after["thinking"] == (ENABLED if stays_on else {"type": "disabled"})
    assert after["context_management"] == (management if stays_on else {"edits": [CLEAR_TOOLS]})


def test_adaptive_thinking_stays() -> None:
    sent = body(
        ("assistant", [thinking(), CALL]), ("user", [RESULT]), thinking={"type": "adaptive"}
    )
    assert json.loads(edited(sent))["thinking"] == {"type": "adaptive"}


@pytest.mark.parametrize(
    ("management", "after"),
    [({"edits": [CLEAR]}, {"edits": []}), (None, None), ({"edits": None}, {"edits": None})],
)
def test_context_edits_that_need_thinking_go_with_it(management: Any, after: Any) -> None:
    sent = body(("assistant", [thinking(), CALL]), thinking=ENABLED, context_management=management)
    assert json.loads(edited(sent))["context_management"] == after


# --- every other byte

SPACE = st.text(" \t\r\n", max_size=2)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@st.composite
def written(draw: st.DrawFn, value: Any) -> str:
    """JSON text of a value with odd spacing and escapes; keys stay plain."""
    gap = draw(SPACE)
    if isinstance(value, dict):
        members = [f'"{key}"{gap}:{gap}{draw(written(v))}' for key, v in value.items()]
        return "{" + gap + f"{gap},{gap}".join(members) + gap + "}"
    if isinstance(value, list):
        return "[" + gap + f"{gap},{gap}".join(draw(written(item)) for item in value) + gap + "]"
    return json.dumps(value, ensure_ascii=draw(st.booleans()))


SIGNATURES = st.sampled_from([OURS, THEIRS, UNSIGNED, "", "theirs \U0001f600 é"])
REASONING = st.builds(
    lambda text, signature: {"type": "thinking", "thinking": text, "signature": signature},
    WORDS,
    SIGNATURES,
) | st.builds(lambda data: {"type": "redacted_thinking", "data": data}, SIGNATURES)
BLOCKS = REASONING | st.builds(lambda text: {"type": "text", "text": text}, WORDS) | st.just(CALL)
MESSAGES = st.lists(
    st.fixed_dictionaries(
        {
            "role": st.sampled_from(["user", "assistant"]),
            "content": WORDS | st.lists(BLOCKS, max_size=5),
        }
    ),
    max_size=4,
)


def expected(message: dict[str, Any], foreign: Callable[[str], bool]) -> dict[str, Any]:
    content = message["content"]
    if isinstance(content, str):
        return message

    def stays(block: dict[str, Any]) -> bool:
        name = {"thinking": "signature", "redacted_thinking": "data"}.get(block["type"])
        return name is None or not foreign(block[name])

    kept = [block for block in content if stays(block)]
    return {**message, "content": kept or content and [json.loads(NO_CONTENT)]}


@given(st.data(), MESSAGES)
def test_taking_out_bytes_is_taking_out_blocks(data: st.DataObject, messages: Any) -> None:
    whole = {"model": "m", "messages": messages, "metadata": {"user_id": "theirs"}}
    sent = data.draw(written(whole)).encode()
    wanted = {
        **whole,
        "messages": [
            expected(copy.deepcopy(m), lambda s: s == UNSIGNED or is_foreign(s)) for m in messages
        ],
    }
    assert json.loads(edited(sent)) == wanted
    all_gone = [expected(copy.deepcopy(m), lambda s: True) for m in messages]
    assert stripped(sent) == {**whole, "messages": all_gone}


@given(st.data(), MESSAGES)
def test_splices_touch_reasoning_and_its_commas_only(data: st.DataObject, messages: Any) -> None:
    sent = data.draw(written({"messages": messages})).encode()
    for start, end, new in foreign_edits(sent, jsonio.object_spans(sent), is_foreign):
        gone = sent[start:end].strip(b" \t\r\n,")
        assert new in (b"", NO_CONTENT)
        assert all(
            block["type"] in ("thinking", "redacted_thinking")
            for block in json.loads(b"[" + gone + b"]")
        )


# --- finding it


def sse(*events: dict[str, Any], end: str = "\n\n") -> bytes:
    return "".join(f"event: {e['type']}\ndata: {json.dumps(e)}{end}" for e in events).encode()


def start(index: int, block: dict[str, Any]) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(index: int, **fields: str) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": fields}


STREAM = [
    {"type": "message_start", "message": {"content": [], "usage": {}}},
    start(0, {"type": "thinking", "thinking": "", "signature": ""}),
    delta(0, type="thinking_delta", thinking='the "signature" is'),
    delta(0, type="signature_delta", signature="abc/"),
    delta(0, type="signature_delta", signature="def="),
    start(1, REDACTED),
    start(2, {"type": "thinking", "thinking": ""}),
    delta(2, type="signature_delta", signature=OURS),
    start(3, {"type": "tool_use", "id": "t", "name": "n", "input": {}, "data": "signature"}),
    {"type": "message_stop"},
]


@pytest.mark.parametrize("end", ["\n\n", "\r\n\r\n"])
def test_signatures_are_found_in_a_stream(end: str) -> None:
    assert sorted(find_signatures(sse(*STREAM, end=end))) == sorted(["abc/def=", THEIRS, OURS])


def test_signatures_are_found_in_a_whole_answer() -> None:
    answer = {"type": "message", "content": [thinking(OURS), REDACTED, thinking(None), TEXT, CALL]}
    assert find_signatures(b" \n" + json.dumps(answer).encode()) == [OURS, THEIRS]


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        sse({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta"}}),
        sse(start(0, thinking("")), start(1, thinking(UNSIGNED))),
        b'{"type":"error","error":{"message":"Invalid `signature` in `thinking` block"}}',
        b'{"content": "signature"}',
        b'data: {"content_block": "signature"}\n\ndata: signature\n\n',
        b"\xff{signature",
    ],
)
def test_other_answers_have_none(answer: bytes) -> None:
    assert find_signatures(answer) == []


@given(st.integers(0, 2000))
def test_a_stream_cut_anywhere_never_raises(cut: int) -> None:
    assert len(find_signatures(sse(*STREAM)[:cut])) <= 3


# --- refusals


@pytest.mark.parametrize(
    "message",
    [
        "messages.1.content.0: Invalid `signature` in `thinking` block",
        "messages.1.content.0: Invalid `signature` in `thinking`       block",
        "messages.1.content.0: Invalid signature in thinking block",
        "messages.3.content.0: Invalid `data` in `redacted_thinking` block",
        (
            "messages.1.content.0: Invalid `signature` in `thinking` block. The block is bound to "
            "a different conversation. Remove the block, or set `thinking.block_binding`"
        ),
        (
            "The model returned the following errors: messages.369.content.0.thinking.signature: "
            "Field required"
        ),
        (
            "messages.3.content.9: `thinking` or `redacted_thinking` blocks in the latest "
            "assistant message cannot be modified. These blocks must remain as they were"
        ),
        (
            "The encrypted content gAAA...c90= could not be verified. Reason: Encrypted content "
            "could not be decrypted or parsed."
        ),
    ],
)
def test_a_refused_signature_is_recognised(message: str) -> None:
    error = {"type": "error", "error": {"type": "invalid_request_error", "message": message}}
    refusal = json.dumps(error).encode()
    nested = json.dumps({"error": {"code": 400, "message": refusal.decode()}}).encode()
    for status in (400, 422, 502):
        assert is_signature_refusal(status, refusal)
        assert is_signature_refusal(status, nested)
    assert not is_signature_refusal(200, refusal)
    assert not is_signature_refusal(429, refusal)


@pytest.mark.parametrize("code", ["thinking_signature_invalid", "invalid_encrypted_content"])
def test_a_refusal_by_code_is_recognised(code: str) -> None:
    assert is_signature_refusal(
        400, json.dumps({"error": {"message": "no", "code": code}}).encode()
    )


@pytest.mark.parametrize(
    "message",
    [
        "The `content[].thinking` in the thinking mode must be passed back to the API.",
        "Function call is missing a thought_signature in functionCall parts.",
        "messages.9.content.0.type: Expected `thinking` or `redacted_thinking`, but found `text`.",
        "max_tokens must be greater than thinking.budget_tokens",
        "prompt is too long: 210000 tokens > 200000 maximum",
        "Invalid signature: the request could not be authenticated",
    ],
)
def test_other_refusals_are_not_taken_for_it(message: str) -> None:
    error = {"type": "error", "error": {"type": "invalid_request_error", "message": message}}
    assert not is_signature_refusal(400, json.dumps(error).encode())
