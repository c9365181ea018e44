"""What the dialect tests share: running one dialect over a body, and checking what it owes."""

from __future__ import annotations

import copy
from typing import Any

from axonhub_cli.dialects import DIALECTS
from axonhub_cli.dialects.base import QuirkContext, RequestQuirk, Settings, apply_quirks
from axonhub_cli.ir.request import Reasoning, Request
from axonhub_cli.providers import PROVIDERS

Body = dict[str, Any]

USER = {"role": "user", "content": "hi"}
TOOL = {
    "type": "function",
    "function": {"name": "Bash", "description": "Run", "parameters": {"type": "object"}},
}
CALL = {"id": "call_1", "type": "function", "function": {"name": "Bash", "arguments": "{}"}}
CALLS = {"role": "assistant", "content": None, "tool_calls": [CALL]}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "ok"}


def context(
    model: str = "m",
    *,
    reasoning: Reasoning | None = None,
    caps: dict[str, int] | None = None,
    session: str | None = None,
    client: str = "anthropic",
) -> QuirkContext:
    request = None
    if reasoning is not None or client == "anthropic":
        request = Request(protocol=client, model=model, reasoning=reasoning or Reasoning())
    return QuirkContext(model, request, Settings(caps or {}, session))


def relayed(model: str = "m") -> QuirkContext:
    """A body of the client's own."""
    return QuirkContext(model)


def run(
    quirk: RequestQuirk, body: Body, about: QuirkContext | None = None
) -> tuple[Body, list[str]]:
    """The new body, and the paths of what was lost. What was given must stay as it was."""
    before = copy.deepcopy(body)
    new, losses = quirk(body, about or context())
    assert body == before
    assert all(loss.reason for loss in losses)
    return new, [loss.path for loss in losses]


def send(
    type: str, body: Body, about: QuirkContext, protocol: str = "openai_chat"
) -> tuple[Body, list[str]]:
    """What a provider of that type is sent."""
    provider = PROVIDERS[type]
    dialect = DIALECTS[provider.dialects[protocol]]
    settings = Settings(provider.caps, about.settings.session)

    def all_of_them(given: Body, _: QuirkContext) -> Any:
        return apply_quirks(dialect, given, QuirkContext(about.model, about.request, settings))

    return run(all_of_them, body, about)


def messages(*items: Body) -> Body:
    return {"model": "m", "messages": list(items)}
