"""Where a channel's requests go: its base URLs, the URL of one call, and whose machine that is."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache

from axonhub_cli.config.schema import Channel
from axonhub_cli.providers import PROVIDERS

_VERSION = re.compile(r"(?<!/)/v\d+[a-z0-9]*$")


def endpoints(channel: Channel) -> dict[str, str]:
    """Protocol to base URL.

    A base URL of the channel's own replaces the preset's main endpoint; the preset's other
    protocols are then served only where the channel names an endpoint for them.
    """
    provider = PROVIDERS.get(channel.type)
    presets = provider.endpoints if provider is not None else {}
    if channel.base_url is not None:
        main: str = channel.protocol or (provider.protocol if provider else "anthropic")
        return {main: channel.base_url, **channel.endpoints}
    if channel.protocol is not None:
        presets = {name: url for name, url in presets.items() if name == channel.protocol}
    return {**presets, **channel.endpoints}


@lru_cache(maxsize=256)
def call_url(base: str, version: str, path: str, query: str = "") -> str:
    """The URL of `path` below `base`.

    A base may hold its version (`…/v1`) or leave it out; a trailing `#` appends no version, `##`
    takes the URL as it is for the protocol's main path.
    """
    bare = base.rstrip("#")
    marks = len(base) - len(bare)
    root, _, own_query = bare.partition("?")
    if marks >= 2:
        # The main path is in it already; a sub-path (`/messages/count_tokens`) keeps its rest.
        _, _, rest = path.lstrip("/").partition("/")
        url = root + (f"/{rest}" if rest else "")
    else:
        root = root.rstrip("/")
        url = root + (path if marks or _VERSION.search(root) else f"/{version}{path}")
    queries = "&".join(part for part in (own_query, query) if part)
    return f"{url}?{queries}" if queries else url


def is_loopback(host: str) -> bool:
    """Does this host name or address mean this machine?"""
    host = host.rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    # 0.0.0.0 is what local engines print as their address, and people copy it.
    return address.is_loopback or address.is_unspecified
