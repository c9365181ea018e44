"""What a well-formed configuration must still obey: names, ranges, URLs, references."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar, get_args

from axonhub_cli.config.durations import seconds
from axonhub_cli.config.nearest import did_you_mean
from axonhub_cli.config.rules_limits import limit_faults
from axonhub_cli.config.rules_network import check_ca_path, has_place
from axonhub_cli.config.rules_profiles import Fault, channel_faults, profile_faults, quota_faults
from axonhub_cli.config.rules_routing import policy_faults, routing_faults
from axonhub_cli.config.rules_telemetry import telemetry_faults
from axonhub_cli.config.rules_trace import trace_faults
from axonhub_cli.config.schema import Channel, Config, Key, Override, Protocol
from axonhub_cli.providers import PROVIDERS

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_REFERENCE = re.compile(r"(keyring|file|env|command):(.*\S.*)", re.DOTALL)
_VARIABLE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*")
_HASH = re.compile(r"sha256:[0-9a-f]{64}")
# No user part: what stands there is a secret. Only a proxy's address may hold one.
_URL = re.compile(r"https?://[^\s/?#@]+(?:[/?#]\S*)?")
_PROXY = re.compile(r"(?:https?|socks5h?)://\S+")
_HOST = re.compile(
    r"[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_.])?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:%\w+)?"
)
_PROTOCOLS: tuple[str, ...] = get_args(Protocol)
_T = TypeVar("_T")


def find_faults(config: Config) -> Iterator[Fault]:
    """Every breach of a rule, in the order of the schema."""
    yield from _server_faults(config)
    yield from _below("routing", routing_faults(config.routing))
    for section, entries in (
        ("channels", config.channels),
        ("profiles", config.profiles),
        ("keys", config.keys),
    ):
        yield from _name_faults(section, [entry.name for entry in entries])
    for index, channel in enumerate(config.channels):
        yield from _below(f"channels[{index}]", _channel_faults(channel))
    for index, profile in enumerate(config.profiles):
        channels = [channel.name for channel in config.channels]
        yield from _below(f"profiles[{index}]", profile_faults(profile, channels))
    for index, key in enumerate(config.keys):
        yield from _below(f"keys[{index}]", _key_faults(key, [p.name for p in config.profiles]))
    yield from _price_faults(config)
    yield from telemetry_faults(config.telemetry, check_reference, check_duration)


def check_name(name: str) -> str | None:
    """What is wrong with the name of a channel, profile or key; None when nothing is."""
    if NAME.fullmatch(name):
        return None
    shown = name if len(name) <= 80 else f"{name[:79]}…"
    return (
        f"{shown!r} is not a name: up to 64 letters, digits, dots, dashes and underscores, "
        "the first one a letter or digit"
    )


def check_reference(reference: str) -> str | None:
    """What is wrong with a secret reference. Its text is never told: it may be a pasted token."""
    if not _REFERENCE.fullmatch(reference):
        return (
            "not a reference to a secret (keyring:NAME, file:NAME, env:VARIABLE or "
            "command:COMMAND); tokens themselves do not belong in this file"
        )
    if reference.startswith("env:") and not _VARIABLE.fullmatch(reference):
        return "env: is followed by the name of a variable, such as env:ANTHROPIC_AUTH_TOKEN"
    return None


def check_base_url(url: str) -> str | None:
    """What is wrong with a provider's address."""
    if _URL.fullmatch(url) and has_place(url):
        return None
    if re.match(r"https?://[^/]*@", url):
        return "a URL must not hold a user or password: keep them as the channel's token"
    return f"{url!r} is not an http:// or https:// URL"


def check_proxy(url: str) -> str | None:
    """What is wrong with a proxy's address; not told in full, as it may hold a password."""
    if _PROXY.fullmatch(url) and has_place(url):
        return None
    return "not an http://, https:// or socks5:// URL"


def check_duration(text: str) -> str | None:
    """What is wrong with a time limit."""
    try:
        return (
            None if seconds(text) > 0 else "a limit of no time at all: nothing could ever be done"
        )
    except ValueError as error:
        return str(error)


def _check_wait(text: str) -> str | None:
    """A wait may be none."""
    try:
        seconds(text)
    except ValueError as error:
        return str(error)
    return None


def _check_host(host: str) -> str | None:
    if _HOST.fullmatch(host):
        return None
    return f"{host!r} is neither an address, such as 127.0.0.1 or ::1, nor a host's name"


def check_weight(weight: int) -> str | None:
    return None if 0 <= weight <= 100 else f"{weight} is not between 0 and 100"


def _server_faults(config: Config) -> Iterator[Fault]:
    server = config.server
    yield from _fault("server.host", _check_host, server.host)
    if not 0 <= server.port <= 65535:
        yield "server.port", f"{server.port} is not between 0 and 65535"
    if server.max_request_bytes < 1:
        yield "server.max_request_bytes", f"{server.max_request_bytes} leaves room for no request"
    for name in (
        "llm_request_timeout",
        "connect_timeout",
        "first_event_timeout",
        "idle_timeout",
        "ping_interval",
    ):
        yield from _fault(f"server.{name}", check_duration, getattr(server, name))
    yield from trace_faults(server.trace)
    yield from _fault("server.drain_timeout", _check_wait, server.drain_timeout)
    if (server.tls_cert is None) != (server.tls_key is None):
        missing = "tls_cert" if server.tls_cert is None else "tls_key"
        yield f"server.{missing}", "tls_cert and tls_key are needed together"


def _name_faults(section: str, names: list[str]) -> Iterator[Fault]:
    for index, name in enumerate(names):
        where = f"{section}[{index}].name"
        yield from _fault(where, check_name, name)
        if name in names[:index]:
            yield where, f"{name!r} is taken by {section}[{names.index(name)}]"


def _channel_faults(channel: Channel) -> Iterator[Fault]:
    provider = PROVIDERS.get(channel.type)
    if provider is None:
        yield (
            "type",
            f"unknown channel type {channel.type!r}{did_you_mean(channel.type, PROVIDERS)}",
        )
    elif not (provider.endpoints or channel.base_url or channel.endpoints):
        yield "base_url", f"type {channel.type!r} has no address of its own: a base_url is needed"
    yield from _fault("base_url", check_base_url, channel.base_url)
    yield from _fault("proxy", check_proxy, channel.proxy)
    yield from _fault("weight", check_weight, channel.weight)
    yield from _fault("ca_file", check_ca_path, channel.ca_file)
    for name in ("connect_timeout", "first_event_timeout", "idle_timeout", "total_timeout"):
        yield from _fault(name, check_duration, getattr(channel, name))
    for protocol, url in channel.endpoints.items():
        if protocol not in _PROTOCOLS:
            known = did_you_mean(protocol, _PROTOCOLS)
            yield f"endpoints.{protocol}", f"unknown protocol {protocol!r}{known}"
        yield from _fault(f"endpoints.{protocol}", check_base_url, url)
    for index, reference in enumerate(channel.tokens):
        yield from _fault(f"tokens[{index}]", check_reference, reference)
    yield from channel_faults(channel)
    yield from _override_faults(channel.overrides)
    yield from policy_faults(channel)
    yield from limit_faults(channel)


def _key_faults(key: Key, profiles: list[str]) -> Iterator[Fault]:
    if not _HASH.fullmatch(key.hash):
        yield "hash", "not `sha256:` and 64 hex digits"
    yield from _fault("secret", check_reference, key.secret)
    for index, name in enumerate(key.profiles):
        if name not in profiles:
            known = did_you_mean(name, profiles)
            yield f"profiles[{index}]", f"there is no profile {name!r}{known}"
    if key.active_profile is not None and key.active_profile not in key.profiles:
        yield "active_profile", f"{key.active_profile!r} is not among this key's profiles"
    yield from quota_faults(key.quotas)


def _price_faults(config: Config) -> Iterator[Fault]:
    if not config.prices:
        return
    from axonhub_cli.pricing.own import faults_of

    for index, price in enumerate(config.prices):
        yield from _below(f"prices[{index}]", faults_of(price))


def _override_faults(overrides: tuple[Override, ...]) -> Iterator[Fault]:
    if not overrides:
        return
    from axonhub_cli.config.rules_overrides import override_faults

    for index, override in enumerate(overrides):
        yield from _below(f"overrides[{index}]", override_faults(override))


def _below(path: str, faults: Iterable[Fault]) -> Iterator[Fault]:
    return ((f"{path}.{where}", what) for where, what in faults)


def _fault(where: str, check: Callable[[_T], str | None], value: _T | None) -> Iterator[Fault]:
    if value is not None and (what := check(value)) is not None:
        yield where, what
