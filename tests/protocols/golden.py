"""Golden cases: what each input in a case's folder becomes in the hub and in every other protocol.

    tests/golden/<protocol>/<case>/
        wire.json     a request            → ir.json, <other>.json
        answer.json   an upstream's answer → answer.ir.json, <other>.answer.json
        stream.sse    the same, streamed   → events.json, <other>.sse
        error.json    an error's status and body → <other>.error.json

A folder holds one of the inputs or several; `pytest tests/protocols/test_golden.py --update-golden`
writes the rest.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from axonhub_cli import jsonio
from axonhub_cli.errors import ClientError, UpstreamGarbled
from axonhub_cli.protocols.anthropic import PROTOCOL as ANTHROPIC
from axonhub_cli.protocols.codec import CannotCross
from axonhub_cli.protocols.openai_chat import PROTOCOL as OPENAI_CHAT
from tests.support.codecs import CODECS, CONTEXT, UPSTREAM_MODEL, events_of, names, others, plain
from tests.support.codecs import stream_of as encoded_stream

FOLDER = Path(__file__).parent.parent / "golden"
Outputs = dict[str, str]


def cases() -> list[tuple[str, Path]]:
    """(protocol, input file) of every case."""
    found = [
        (protocol, file)
        for protocol in CODECS
        for name in INPUTS
        for file in sorted((FOLDER / protocol).glob(f"*/{name}"))
    ]
    assert found, "no golden cases"
    return found


def outputs_of(protocol: str, file: Path) -> Outputs:
    """The files that this input becomes, by name."""
    return INPUTS[file.name](protocol, file.read_bytes())


def _request(protocol: str, data: bytes) -> Outputs:
    try:
        request = CODECS[protocol].decode_request(_object(data))
    except ClientError as error:
        return {"ir.json": _shown(_refused(error))}
    found = {"ir.json": _shown(plain(request))}
    for other in others(protocol):
        try:
            sent = names(protocol, other, request).request(request)
            value = plain(CODECS[other].encode_request(sent, UPSTREAM_MODEL))
        except CannotCross as error:
            value = _refused(error.told(CODECS[protocol].place(_object(data), error.places)))
        except ClientError as error:
            value = _refused(error)
        found[f"{other}.json"] = _shown(value)
    return found


def _answer(protocol: str, data: bytes) -> Outputs:
    try:
        response = CODECS[protocol].decode_response(_object(data))
    except UpstreamGarbled as error:
        return {"answer.ir.json": _shown({"garbled": error.message})}
    found = {"answer.ir.json": _shown(plain(response))}
    for other in others(protocol):
        told = names(other, protocol).response(response)
        body = CODECS[other].encode_response(told, CONTEXT)
        found[f"{other}.answer.json"] = _shown(body)
    return found


def _stream(protocol: str, data: bytes) -> Outputs:
    events = events_of(protocol, [data])
    found = {
        "events.json": "".join(json.dumps(plain(e), ensure_ascii=False) + "\n" for e in events)
    }
    for other in others(protocol):
        told = map(names(other, protocol).event, events)
        found[f"{other}.sse"] = encoded_stream(other, told).decode()
    return found


def _error(protocol: str, data: bytes) -> Outputs:
    given = _object(data)
    body = given["body"]
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    info = CODECS[protocol].decode_error(given["status"], raw)
    wire = {"anthropic": ANTHROPIC, "openai_chat": OPENAI_CHAT}
    return {
        f"{other}.error.json": _shown(
            {"status": info.status, "body": json.loads(wire[other].encode_error(info))}
        )
        for other in others(protocol)
    }


INPUTS: dict[str, Callable[[str, bytes], Outputs]] = {
    "wire.json": _request,
    "answer.json": _answer,
    "stream.sse": _stream,
    "error.json": _error,
}


def _object(data: bytes) -> dict[str, Any]:
    value: Any = jsonio.decode(data)
    assert isinstance(value, dict)
    return value


def _refused(error: ClientError) -> dict[str, str]:
    return {"refused": error.kind, "message": error.message}


def _shown(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
