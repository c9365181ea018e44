"""Request bodies: 1 KB, and 300 KB and 2 MB in the shape of Claude Code's; both protocols.

    python gen_bodies.py FOLDER     # writes them, to look at

Streamed or not, a body differs in `stream` alone. `model` comes first, as the SDKs put it.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

SIZES = {"300k": 300_000, "2m": 2_000_000}

_WORDS = (
    "the quick code file function returns value error line test module import class path build "
    "index cache request stream token parse write read config server client handler queue buffer"
).split()

Json = dict[str, Any]


def make(kind: str, model: str, *, stream: bool, protocol: str = "a") -> bytes:
    """The body `small`, `300k` or `2m`; `protocol` is `a` or `o` as in scenarios.py."""
    body = _small(model, stream) if kind == "small" else _big(SIZES[kind], model, stream)
    if protocol == "o":
        body = _as_chat(body)
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


def _small(model: str, stream: bool) -> Json:
    rng = random.Random(3)
    return {
        "model": model,
        "max_tokens": 1024,
        "stream": stream,
        "system": _prose(rng, 300),
        "messages": [
            {"role": "user", "content": _prose(rng, 200)},
            {"role": "assistant", "content": _prose(rng, 150)},
            {"role": "user", "content": _prose(rng, 150)},
        ],
    }


def _big(size: int, model: str, stream: bool) -> Json:
    """System blocks, 20 tools, 60 messages; 30 tool results carry most of it."""
    rng = random.Random(7)
    tools = [_tool(rng, index) for index in range(20)]
    prompt = {"type": "text", "text": _prose(rng, 14000), "cache_control": {"type": "ephemeral"}}
    body: Json = {
        "model": model,
        "max_tokens": 32000,
        "stream": stream,
        "metadata": {"user_id": "user_bench"},
        "system": [{"type": "text", "text": "You are a coding agent."}, prompt],
        "tools": tools,
    }
    per_result = max(200, int((size - len(json.dumps(body))) / 30 * 0.93) - 600)
    messages: list[Json] = [{"role": "user", "content": [_text(_prose(rng, 400))]}]
    for index in range(30):
        call_id = f"toolu_{index:04d}"
        given = {
            "path": f"/src/{_prose(rng, 12)}.py",
            "limit": index,
            "text": _prose(rng, 120),
        }
        call = {"type": "tool_use", "id": call_id, "name": f"Tool{index % 20}", "input": given}
        result = {
            "type": "tool_result",
            "tool_use_id": call_id,
            "content": [_text(_code(rng, per_result))],
        }
        messages.append({"role": "assistant", "content": [_text(_prose(rng, 160)), call]})
        messages.append({"role": "user", "content": [result]})
    return body | {"messages": messages}


def _as_chat(body: Json) -> Json:
    """The same in OpenAI Chat's words: only what the bodies above hold."""
    system = body["system"]
    prompt = system if isinstance(system, str) else "\n".join(block["text"] for block in system)
    messages: list[Json] = [{"role": "system", "content": prompt}]
    for message in body["messages"]:
        content = message["content"]
        messages += [message] if isinstance(content, str) else _chat_messages(message)
    made = {name: body[name] for name in ("model", "max_tokens", "stream")}
    made["messages"] = messages
    if body["stream"]:
        made["stream_options"] = {"include_usage": True}
    if "tools" in body:
        made["tools"] = [_chat_tool(tool) for tool in body["tools"]]
    return made


def _chat_messages(message: Json) -> list[Json]:
    results: list[Json] = []
    words: list[str] = []
    calls: list[Json] = []
    for block in message["content"]:
        match block["type"]:
            case "text":
                words.append(block["text"])
            case "tool_use":
                function = {"name": block["name"], "arguments": json.dumps(block["input"])}
                calls.append({"id": block["id"], "type": "function", "function": function})
            case _:
                result = block["content"][0]["text"]
                results.append(
                    {"role": "tool", "tool_call_id": block["tool_use_id"], "content": result}
                )
    said: Json = {"role": message["role"], "content": "\n".join(words)}
    if calls:
        said["tool_calls"] = calls
    return [*results, said] if words or calls else results


def _chat_tool(tool: Json) -> Json:
    function = {
        "name": tool["name"],
        "description": tool["description"],
        "parameters": tool["input_schema"],
    }
    return {"type": "function", "function": function}


def _tool(rng: random.Random, index: int) -> Json:
    properties: Json = {
        f"{rng.choice(_WORDS)}_{number}": {
            "type": rng.choice(["string", "number", "boolean"]),
            "description": _prose(rng, 90),
        }
        for number in range(6)
    }
    statuses = {"type": "string", "enum": ["pending", "in_progress", "completed"]}
    item = {"id": {"type": "string"}, "status": statuses}
    properties["items"] = {
        "type": "array",
        "items": {"type": "object", "properties": item, "required": ["id"]},
    }
    return {
        "name": f"Tool{index}",
        "description": _prose(rng, 1500),
        "input_schema": {
            "type": "object",
            "properties": properties,
            "required": list(properties)[:2],
            "additionalProperties": False,
        },
    }


def _text(text: str) -> Json:
    return {"type": "text", "text": text}


def _prose(rng: random.Random, size: int) -> str:
    words: list[str] = []
    length = 0
    while length < size:
        words.append(rng.choice(_WORDS))
        length += len(words[-1]) + 1
    return " ".join(words)[:size]


def _code(rng: random.Random, size: int) -> str:
    lines: list[str] = []
    length = 0
    while length < size:
        name, attribute, note = (rng.choice(_WORDS) for _ in range(3))
        call = f'{name} = self.{attribute}("{_prose(rng, 24)}", {rng.randint(0, 9999)})'
        lines.append(f"{len(lines) + 1:6d}\t    {call}  # caf\u00e9 {note}")
        length += len(lines[-1]) + 1
    return "\n".join(lines)[:size]


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("small", *SIZES):
        for protocol in "ao":
            body = make(name, "mock", stream=False, protocol=protocol)
            (folder / f"{name}.{protocol}.json").write_bytes(body)
