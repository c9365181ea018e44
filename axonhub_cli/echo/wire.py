"""Echo's answers in Anthropic's shapes: a message, its SSE events, errors, models."""

from __future__ import annotations

from collections.abc import Iterator

from axonhub_cli import jsonio
from axonhub_cli.echo.tokens import count_input, count_output
from axonhub_cli.jsonio import Json

FIRST = 0.05
"""Seconds before the answer begins, so that a first-token time is there to be seen."""
_STEP = 0.02
_PIECES = 40
"""At most so many deltas a block: a long echo streams in larger pieces, not for longer."""


def message(request: dict[str, Json], blocks: list[dict[str, Json]], identity: str) -> Json:
    """The whole answer; cut at `max_tokens` or at a stop sequence as a model's would be."""
    blocks, reason, sequence = _stop(request, blocks)
    counted = count_input(request)
    return {
        "id": f"msg_echo_{identity}",
        "type": "message",
        "role": "assistant",
        "model": request["model"],
        "content": blocks,
        "stop_reason": reason,
        "stop_sequence": sequence,
        "usage": {
            "input_tokens": counted.fresh,
            "cache_creation_input_tokens": counted.cache_write,
            "cache_read_input_tokens": counted.cache_read,
            "output_tokens": count_output(blocks),
        },
    }


def stream(answer: Json) -> Iterator[tuple[float, bytes]]:
    """The same answer as SSE events, each with the delay before it in seconds."""
    start = answer | {"content": [], "stop_reason": None, "stop_sequence": None}
    start["usage"] = answer["usage"] | {"output_tokens": 1}
    yield FIRST, _event("message_start", message=start)
    yield 0.0, _event("ping")
    for index, block in enumerate(answer["content"]):
        yield from _block(index, block)
    delta = {"stop_reason": answer["stop_reason"], "stop_sequence": answer["stop_sequence"]}
    yield _STEP, _event("message_delta", delta=delta, usage=answer["usage"])
    yield 0.0, _event("message_stop")


def error(kind: str, text: str) -> Json:
    return {"type": "error", "error": {"type": kind, "message": text}}


def model_list(names: tuple[str, ...]) -> Json:
    """`GET /v1/models`, one page."""
    data = [
        {"type": "model", "id": name, "display_name": name, "created_at": "2026-01-01T00:00:00Z"}
        for name in names
    ]
    return {"data": data, "has_more": False, "first_id": names[0], "last_id": names[-1]}


def _block(index: int, block: dict[str, Json]) -> Iterator[tuple[float, bytes]]:
    """One content block: begun empty, filled by deltas, ended."""
    empty, deltas = _DELTAS[block["type"]](block)
    yield _STEP, _event("content_block_start", index=index, content_block=empty)
    for delta in deltas:
        yield _STEP, _event("content_block_delta", index=index, delta=delta)
    yield 0.0, _event("content_block_stop", index=index)


def _text_deltas(block: dict[str, Json]) -> tuple[Json, list[Json]]:
    pieces = _pieces(block["text"])
    return block | {"text": ""}, [{"type": "text_delta", "text": piece} for piece in pieces]


def _thinking_deltas(block: dict[str, Json]) -> tuple[Json, list[Json]]:
    deltas: list[Json] = [
        {"type": "thinking_delta", "thinking": piece} for piece in _pieces(block["thinking"])
    ]
    deltas.append({"type": "signature_delta", "signature": block["signature"]})
    return block | {"thinking": "", "signature": ""}, deltas


def _tool_deltas(block: dict[str, Json]) -> tuple[Json, list[Json]]:
    pieces = _pieces(jsonio.encode(block["input"]).decode())
    deltas: list[Json] = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
    return block | {"input": {}}, deltas


_DELTAS = {"text": _text_deltas, "thinking": _thinking_deltas, "tool_use": _tool_deltas}


def _pieces(text: str) -> list[str]:
    size = max(12, -(-len(text) // _PIECES))
    return [text[at : at + size] for at in range(0, len(text), size)]


def _stop(
    request: dict[str, Json], blocks: list[dict[str, Json]]
) -> tuple[list[dict[str, Json]], str, str | None]:
    if blocks[-1]["type"] == "tool_use":
        return blocks, "tool_use", None
    text = blocks[-1]["text"]
    sequences = request.get("stop_sequences")
    for sequence in sequences if isinstance(sequences, list) else []:
        if isinstance(sequence, str) and sequence and sequence in text:
            cut = blocks[-1] | {"text": text[: text.index(sequence)]}
            return [*blocks[:-1], cut], "stop_sequence", sequence
    limit = request["max_tokens"]
    if isinstance(limit, int) and 0 < limit * 4 < len(text):
        return [*blocks[:-1], blocks[-1] | {"text": text[: limit * 4]}], "max_tokens", None
    return blocks, "end_turn", None


def _event(kind: str, **fields: Json) -> bytes:
    data = jsonio.encode({"type": kind, **fields})
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), data)
