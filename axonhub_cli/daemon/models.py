"""The list of models a client may ask for, in the shape of the client's protocol.

Anthropic: docs.anthropic.com/en/api/models-list, pages by `limit`, `after_id`, `before_id`; OpenAI:
platform.openai.com/docs/api-reference/models (both read 2026-11).
"""

from __future__ import annotations

from urllib.parse import parse_qs

from axonhub_cli import jsonio
from axonhub_cli.config.schema import Config, Profile
from axonhub_cli.errors import ClientError
from axonhub_cli.jsonio import Json
from axonhub_cli.routing.endpoints import endpoints
from axonhub_cli.routing.listing import is_usable, services, usable_models

_MOST = 1000
# What the vendor writes for a model whose release date it does not know.
_UNKNOWN_DATE = "1970-01-01T00:00:00Z"


def encode_openai_list(config: Config, profile: Profile | None, query: str) -> bytes:
    """All of them; `include=all` adds which channels serve each, and as what."""
    data = [_openai_model(name, config, profile, query) for name in usable_models(config, profile)]
    return jsonio.encode({"object": "list", "data": data})


def encode_openai_model(config: Config, profile: Profile | None, name: str, query: str) -> bytes:
    _check(config, profile, name, f"The model {name!r} does not exist")
    return jsonio.encode(_openai_model(name, config, profile, query))


def _openai_model(name: str, config: Config, profile: Profile | None, query: str) -> Json:
    model: dict[str, Json] = {"id": name, "object": "model", "created": 0, "owned_by": "axonhub"}
    return model | _served_by(name, config, profile, query)


def _served_by(
    name: str, config: Config, profile: Profile | None, query: str
) -> dict[str, list[Json]]:
    """What `include=all` adds, in either shape."""
    if "all" not in parse_qs(query).get("include", []):
        return {}
    return {
        "channels": [
            {
                "name": service.channel.name,
                "type": service.channel.type,
                "protocols": list(endpoints(service.channel)),
                "upstream_model": service.upstream_model,
            }
            for service in services(config, profile, name)
        ]
    }


def _check(config: Config, profile: Profile | None, name: str, message: str) -> None:
    """May it be asked for, in lists or not (a name that a pattern serves)?"""
    if not is_usable(config, profile, name):
        raise ClientError("not_found", message, hint="axonhub channel models NAME")


def encode_list(config: Config, profile: Profile | None, query: str) -> bytes:
    """One page. Raises `ClientError` for a limit out of range."""
    page, more = _page(usable_models(config, profile), parse_qs(query))
    return jsonio.encode(
        {
            "data": [_model(name, config, profile, query) for name in page],
            "has_more": more,
            "first_id": page[0] if page else None,
            "last_id": page[-1] if page else None,
        }
    )


def encode_model(config: Config, profile: Profile | None, name: str, query: str) -> bytes:
    _check(config, profile, name, f"model: {name}")
    return jsonio.encode(_model(name, config, profile, query))


def _model(name: str, config: Config, profile: Profile | None, query: str) -> Json:
    model: dict[str, Json] = {"type": "model", "id": name, "display_name": name}
    model["created_at"] = _UNKNOWN_DATE
    return model | _served_by(name, config, profile, query)


def _page(names: list[str], query: dict[str, list[str]]) -> tuple[list[str], bool]:
    limit = _limit(query.get("limit", [str(_MOST)])[-1])
    if "before_id" in query:
        before = names[: _position(names, query["before_id"][-1], len(names))]
        return before[-limit:], len(before) > limit
    start = _position(names, query["after_id"][-1], -1) + 1 if "after_id" in query else 0
    return names[start : start + limit], len(names) > start + limit


def _position(names: list[str], name: str, otherwise: int) -> int:
    return names.index(name) if name in names else otherwise


def _limit(text: str) -> int:
    if not text.isdecimal() or len(text) > 9 or not 1 <= int(text) <= _MOST:
        raise ClientError("invalid_request", f"limit: must be a number from 1 to {_MOST}")
    return int(text)
