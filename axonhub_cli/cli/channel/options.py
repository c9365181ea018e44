"""The options that `channel add` and `channel edit` share: where it is, and what it serves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from axonhub_cli.cli import output
from axonhub_cli.config.schema import AuthScheme, Protocol
from axonhub_cli.errors import ConfigError, UsageError
from axonhub_cli.providers import PROVIDERS, Provider


def type_names(incomplete: str) -> list[str]:
    return [name for name in PROVIDERS if name.startswith(incomplete)]


Type = Annotated[
    str | None,
    typer.Option(
        "--type",
        metavar="TYPE",
        help="What is behind it; `axonhub channel types` lists them.",
        autocompletion=type_names,
    ),
]
BaseUrl = Annotated[
    str | None,
    typer.Option(
        "--base-url",
        metavar="URL",
        help="Instead of the type's own address, with or without /v1. "
        "A trailing # appends no version, ## takes the URL as it is.",
    ),
]
ProtocolOption = Annotated[
    Protocol | None, typer.Option("--protocol", help="The wire protocol of --base-url.")
]
Endpoint = Annotated[
    list[str] | None,
    typer.Option("--endpoint", metavar="P=URL", help="The address for one more protocol."),
]
Auth = Annotated[
    AuthScheme | None,
    typer.Option("--auth", help="How the token is sent; usually its form says it."),
]
Model = Annotated[
    list[str] | None,
    typer.Option(
        "--model", metavar="M", help="A model it serves; globs (*, ?) too. Default: the type's own."
    ),
]
Map = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="FROM=TO", help="Ask the provider for TO when asked for FROM."),
]
Tag = Annotated[list[str] | None, typer.Option("--tag", metavar="T", help="A tag.")]
Weight = Annotated[
    int | None,
    typer.Option("--weight", metavar="0-100", help="Its share among channels of one priority."),
]
Priority = Annotated[
    int | None, typer.Option("--priority", metavar="N", help="Lower numbers are tried first.")
]
TokenStdin = Annotated[bool, typer.Option("--token-stdin", help="Read the token from stdin.")]
TokenEnv = Annotated[
    str | None,
    typer.Option("--token-env", metavar="NAME", help="Take the token from a variable, each time."),
]
TokenCommand = Annotated[
    str | None,
    typer.Option("--token-command", metavar="CMD", help="Take the token from a command's output."),
]
TokenInArgv = Annotated[str | None, typer.Option("--token", hidden=True)]
NoTest = Annotated[bool, typer.Option("--no-test", help="Do not test it.")]

Readers = dict[str, tuple[str, Callable[[Any], Any]]]
"""Field of `Flags` to the name in the config file, and how the given becomes its value."""


def find_provider(type_name: str) -> Provider:
    """The preset of a type. Raises `UsageError` with the nearest one."""
    provider = PROVIDERS.get(type_name)
    if provider is None:
        from axonhub_cli.config.nearest import did_you_mean

        raise UsageError(
            f"unknown channel type {type_name!r}{did_you_mean(type_name, PROVIDERS)}",
            hint="`axonhub channel types` lists them",
        )
    return provider


def _type(name: str) -> str:
    return find_provider(name).type


def _weight(weight: int) -> int:
    from axonhub_cli.config.rules import check_weight

    fault = check_weight(weight)
    if fault is not None:
        raise UsageError(f"--weight: {fault}")
    return weight


def _words(given: list[str]) -> list[str] | None:
    """Repeated or separated by commas; each once."""
    words = (word.strip() for text in given for word in text.split(","))
    return list(dict.fromkeys(word for word in words if word)) or None


def _base_url(url: str) -> str | None:
    return _url(url.strip(), "--base-url") or None


def _url(url: str, flag: str) -> str:
    from axonhub_cli.config.rules import check_base_url

    fault = check_base_url(url) if url else None
    if fault is not None:
        raise UsageError(f"{flag}: {fault}", hint="for example https://api.example.com")
    if url.endswith("/messages"):
        base = url.removesuffix("/messages").removesuffix("/v1")
        raise UsageError(
            f"{flag}: {url!r} is the address of one call, not a base URL",
            hint=f"{flag} {base}, or {flag} '{url}##' to take it as it is",
        )
    return url


def _endpoints(given: list[str]) -> dict[str, str] | None:
    from typing import get_args

    from axonhub_cli.config.nearest import did_you_mean

    found: dict[str, str] = {}
    known = get_args(Protocol)
    for text in filter(None, given):
        protocol, equals, url = text.partition("=")
        if not equals:
            raise UsageError(
                f"--endpoint: {text!r} is not PROTOCOL=URL",
                hint="for example --endpoint anthropic=https://api.example.com/anthropic",
            )
        if protocol not in known:
            raise UsageError(
                f"--endpoint: unknown protocol {protocol!r}{did_you_mean(protocol, known)}"
            )
        found[protocol] = _url(url, "--endpoint")
    return found or None


def _mappings(given: list[str]) -> list[dict[str, str]] | None:
    found = []
    for text in filter(None, given):
        source, _, target = text.rpartition("=")
        if not (source.strip() and target.strip()):
            raise UsageError(
                f"--map: {text!r} is not FROM=TO",
                hint="for example --map claude-sonnet-4-5=glm-4.6",
            )
        warn_of_pattern(source.strip(), "--map")
        found.append({"from": source.strip(), "to": target.strip()})
    return found or None


def warn_of_pattern(source: str, where: str) -> None:
    """Refuse a bad expression (`UsageError`), warn of one that looks like a glob."""
    from axonhub_cli.routing.mapping import check_pattern

    try:
        warning = check_pattern(source)
    except ConfigError as error:
        raise UsageError(f"{where}: {error.message}", hint=error.hint) from error
    if warning is not None:
        output.warn(warning)


def _as_given(value: Any) -> Any:
    return value


READERS: Readers = {
    "type": ("type", _type),
    "base_url": ("base_url", _base_url),
    "protocol": ("protocol", _as_given),
    "endpoint": ("endpoints", _endpoints),
    "auth": ("auth", _as_given),
    "model": ("models", _words),
    "map": ("mappings", _mappings),
    "tag": ("tags", _words),
    "weight": ("weight", _weight),
    "priority": ("priority", _as_given),
}
