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
from axonhub_cli.routing import candidates, mapping
from axonhub_cli.routing.endpoints import endpoints

_MOST = 1000
# What the vendor writes for a model whose release date it does not know.
_UNKNOWN_DATE = "1970-01-01T00:00:00Z"


def usable_models(config: Config, profile: Profile | None) -> list[str]:
    """Names without patterns: what the profile maps, then what the channels serve.

    Each of them can be asked for: a rule may lead a name that is served to one that is not.
    """
    channels = [c for c in config.channels if c.enabled and c.weight > 0]
    asked = [m.source for m in profile.mappings] if profile is not None else []
    names = [source for source in asked if not mapping.is_pattern(source)]
    names += [name for c in channels for name in candidates.served_models(c)]
    return [
        name
        for name in dict.fromkeys(names)
        if any(candidates.serves(c, mapping.resolve(profile, name).model) for c in channels)
    ]


def encode_openai_list(names: list[str], config: Config, query: str) -> bytes:
    """All of them; `include=all` adds which channels serve each."""
    everything = "all" in parse_qs(query).get("include", [])
    data = [_openai_model(name, config if everything else None) for name in names]
    return jsonio.encode({"object": "list", "data": data})


def encode_openai_model(names: list[str], config: Config, name: str, query: str) -> bytes:
    if name not in names:
        raise ClientError(
            "not_found", f"The model {name!r} does not exist", hint="axonhub channel models NAME"
        )
    everything = "all" in parse_qs(query).get("include", [])
    return jsonio.encode(_openai_model(name, config if everything else None))


def _openai_model(name: str, config: Config | None) -> Json:
    model: dict[str, Json] = {"id": name, "object": "model", "created": 0, "owned_by": "axonhub"}
    if config is not None:
        model["channels"] = [
            {"name": c.name, "type": c.type, "protocols": list(endpoints(c))}
            for c in config.channels
            if c.enabled and candidates.serves(c, name)
        ]
    return model


def encode_list(names: list[str], query: str) -> bytes:
    """One page. Raises `ClientError` for a limit out of range."""
    page, more = _page(names, parse_qs(query))
    return jsonio.encode(
        {
            "data": [_model(name) for name in page],
            "has_more": more,
            "first_id": page[0] if page else None,
            "last_id": page[-1] if page else None,
        }
    )


def encode_model(names: list[str], name: str) -> bytes:
    if name not in names:
        raise ClientError("not_found", f"model: {name}", hint="axonhub channel models NAME")
    return jsonio.encode(_model(name))


def _model(name: str) -> Json:
    return {"type": "model", "id": name, "display_name": name, "created_at": _UNKNOWN_DATE}


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
