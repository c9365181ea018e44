"""Credentials that the configuration keeps in URLs: a proxy's password, a key in a base URL."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qsl, unquote, urlsplit

from axonhub_cli.config.schema import Channel, Config
from axonhub_cli.routing.endpoints import endpoints
from axonhub_cli.tracing.hidden_names import is_hidden


def secrets_in_urls(config: Config) -> tuple[str, ...]:
    """Each value once, for whoever keeps credentials out of what is stored: an upstream may repeat
    what it was sent. Names and forms alone hide it where the URL itself is told."""
    return tuple({secret for channel in config.channels for secret in _of(channel)})


def _of(channel: Channel) -> Iterator[str]:
    for url in (channel.proxy, *endpoints(channel).values()):
        try:
            parts = urlsplit(url or "")
            password = parts.password
        except ValueError:
            continue
        if password:
            yield unquote(password)
        yield from (value for name, value in parse_qsl(parts.query.rstrip("#")) if is_hidden(name))
