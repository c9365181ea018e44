"""A recorded session for tests of how it is shown: requests of one trace, one after another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from axonhub_cli.tracing.recorder import RequestRecord
from axonhub_cli.tracing.session import SessionView
from axonhub_cli.tracing.turns import read_session
from tests.tracing.records import NOON, attempt, message, record, store

Block = dict[str, Any]

CALL = {"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "ls"}}
RESULT = {"type": "tool_result", "tool_use_id": "t1", "content": "a.txt"}


def said(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"role": "assistant", "content": list(blocks)}


def asked(content: object) -> dict[str, Any]:
    return {"role": "user", "content": content}


class Session:
    """Requests of one trace, a second apart."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.records: list[RequestRecord] = []

    def add(
        self, messages: list[dict[str, Any]] | bytes, *answer: dict[str, Any], **more: Any
    ) -> None:
        body = (
            messages
            if isinstance(messages, bytes)
            else json.dumps({"model": "m", "messages": messages}).encode()
        )
        number = len(self.records)
        changes = {"at": NOON + number, "attempts": [attempt(message(*answer))]} | more
        self.records.append(record(f"r{number}", body=body, **changes))

    def view(self) -> SessionView:
        with store(self._path / "traces.db", self.records) as reader:
            return read_session(reader, "s1")


def agent_call(number: str, prompt: str) -> Block:
    given = {"description": f"job {number}", "prompt": prompt, "subagent_type": "Explore"}
    return {"type": "tool_use", "id": number, "name": "Task", "input": given}
