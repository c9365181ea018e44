"""What `axonhub explain` is asked about: a request that nobody has sent, as far as it is told."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct, ValidationError
from msgspec.structs import replace

from axonhub_cli.cli.lookup import find_key, find_profile
from axonhub_cli.config.schema import Config, Key, Profile, When
from axonhub_cli.errors import UsageError
from axonhub_cli.jsonio import Envelope
from axonhub_cli.routing.conditions import Traits

CLIENT_PROTOCOLS = ("anthropic", "openai_chat")
_DEFAULT_KEY = "default"
_FLAGS = ("background", "thinking", "images", "web_search", "subagent")


class Body(Struct, frozen=True):
    """A request's JSON body."""

    data: bytes
    envelope: Envelope
    user_id: str | None
    """Anthropic's `metadata.user_id`, which names the session."""


class Asked(Struct, frozen=True):
    model: str
    key: Key | None
    profile: Profile | None
    protocol: str
    session: str | None
    body: Body | None = None
    when: When | None = None
    """What the request is said to be like; before what its body says."""

    def traits(self, names: Collection[str], now: float) -> Traits:
        """Those that some rule asks for. `now`: epoch seconds, for the time of day here."""
        import time

        from axonhub_cli.routing.features import Facts, read_traits
        from axonhub_cli.routing.hours import DAY

        local = time.localtime(now)
        is_agent = self.body is not None and self.body.user_id is not None
        facts = Facts(
            client="claude-code" if is_agent else "unknown",
            minute=local.tm_wday * DAY + local.tm_hour * 60 + local.tm_min,
        )
        data, envelope = (b"", None) if self.body is None else (self.body.data, self.body.envelope)
        found = read_traits(names, facts, data, envelope)
        return found if self.when is None else _like(found, self.when)


def read_question(
    config: Config,
    model: str | None,
    key: str | None,
    profile: str | None,
    protocol: str,
    body: Body | None,
    session: str | None,
    when: Sequence[str] | None,
) -> Asked:
    """Raises `UsageError`, and `ConfigError` for a condition that is none."""
    from axonhub_cli.routing.conditions import parse

    if protocol not in CLIENT_PROTOCOLS:
        raise UsageError(
            f"{protocol!r} is no client's protocol",
            hint=f"one of: {', '.join(CLIENT_PROTOCOLS)}",
        )
    named = model or (body.envelope.model if body is not None else None)
    if not named:
        raise UsageError(
            "which model? The body names none" if body is not None else "which model?",
            hint="axonhub explain MODEL; `axonhub channel list` shows what there is",
        )
    found = find_key(config, key) if key is not None else config.key(_DEFAULT_KEY)
    chosen = _choose_profile(config, found, profile)
    if session is None and body is not None:
        session = _session_of(body, config)
    return Asked(named, found, chosen, protocol, session, body, parse(when or ()))


def _choose_profile(config: Config, key: Key | None, name: str | None) -> Profile | None:
    if name is not None:
        return find_profile(config, name)
    active = key.active_profile if key is not None else None
    return config.profile(active) if active is not None else None


def read_body(file: str) -> Body:
    """The body in a file, or with `-` on stdin. Raises `UsageError`."""
    from axonhub_cli import jsonio

    where = "the body on stdin" if file == "-" else file
    try:
        if file == "-":
            data = sys.stdin.read().encode("utf-8", "surrogateescape")
        else:
            data = Path(file).read_bytes()
        document: Any = jsonio.decode(data)
        if not isinstance(document, dict):
            raise UsageError(f"{where} is not a JSON object")
        envelope, data = jsonio.read_envelope(data)
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from error
    except jsonio.InvalidJson as error:
        raise UsageError(f"{where} is not JSON: {error}") from error
    except ValidationError as error:
        raise UsageError(f"{where} is no request: {error}") from error
    metadata = document.get("metadata")
    user_id = metadata.get("user_id") if isinstance(metadata, dict) else None
    return Body(data, envelope, user_id if isinstance(user_id, str) else None)


def _session_of(body: Body, config: Config) -> str | None:
    from axonhub_cli.tracing.identity import find_trace

    if body.user_id is None:
        return None
    return find_trace({}, body.user_id, config.server.trace).trace_id


def _like(traits: Traits, when: When) -> Traits:
    """The traits of a request that meets these conditions."""
    from axonhub_cli.routing.hours import WEEK, read_spans

    changes: dict[str, Any] = {
        name: value for name in _FLAGS if (value := getattr(when, name)) is not None
    }
    if when.over_tokens is not None:
        changes["tokens"] = max(traits.tokens, when.over_tokens + 1)
    elif when.up_to_tokens is not None:
        changes["tokens"] = min(traits.tokens, when.up_to_tokens)
    if when.client:
        changes["client"] = when.client[0]
    if when.time is not None:
        changes["minute"] = read_spans(when.time)[0][0] % WEEK
    return replace(traits, **changes)


def time_of_week(minute: int) -> str:
    """`tue 14:05`"""
    from axonhub_cli.routing.hours import DAY, DAYS

    return f"{DAYS[minute // DAY % 7]} {minute % DAY // 60:02}:{minute % 60:02}"
