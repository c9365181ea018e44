"""What an answer cost: the user's own prices first, then those of the `genai-prices` package.

    Pricer.charge ──▶ [[prices]] ──▶ remembered model ──▶ the list (a file, made once per version)

The list is made by a process of its own (`extract.py`), at the first need, and kept in the cache
folder; of it only the models in use are remembered. So this blocks: not for the event loop, except
`known`, which only looks at what is remembered.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from decimal import Decimal

from msgspec import Struct

from axonhub_cli.config.schema import Channel, Config
from axonhub_cli.ir.response import Usage
from axonhub_cli.pricing import own
from axonhub_cli.pricing.listing import Listed, Listing
from axonhub_cli.pricing.rates import Rates, cost
from axonhub_cli.pricing.table import Model

_MOST_MODELS = 500
"""Clients choose model names: what is remembered must not grow with them."""

# Types of channel whose provider the list knows under another name.
_PROVIDERS = {
    "claude-code": "anthropic",
    "anthropic": "anthropic",
    "openai": "openai",
    "deepseek": "deepseek",
    "moonshot": "moonshotai",
    "moonshot-intl": "moonshotai",
    "zhipu": "zhipuai",
    "zai": "zai",
    "minimax": "minimax",
    "minimax-intl": "minimax",
    "xai": "x-ai",
    "mistral": "mistral",
    "openrouter": "openrouter",
    "groq": "groq",
    "cerebras": "cerebras",
    "together": "together",
    "fireworks": "fireworks",
}
UNPRICED_TYPES = ("echo", "ollama", "vllm", "llama-cpp", "lm-studio")
"""Run by the user: what that costs, no list knows."""

logger = logging.getLogger("axonhub")


_Key = tuple[str, str | None, str]
"""Type of channel, its own URL, model."""


class Charge(Struct, frozen=True):
    """What one answer cost; `usd` None: unknown. `price` is the version of the price."""

    usd: Decimal | None = None
    price: str | None = None


UNKNOWN = Charge()


class Pricer:
    """Prices for the channels of the configuration that holds at the time."""

    def __init__(self, config: Callable[[], Config], listing: Listing) -> None:
        self._config = config
        self._listing = listing
        self._models: dict[_Key, Model | None] = {}
        self._version = ""
        self._lock = threading.Lock()

    def prepare(self) -> None:
        """See that the list is there, if any channel needs it. Blocks; never raises."""
        channels = self._config().channels
        if any(one.enabled and one.type not in UNPRICED_TYPES for one in channels):
            self._listing.read()

    def charge(
        self,
        channel: str,
        model: str,
        usage: Usage,
        *,
        at: float,
        told: Mapping[str, str] | None = None,
    ) -> Charge:
        """`model` as it was sent upstream, `at` seconds since the epoch, `told` what the answer
        says of its service tier. Blocks; never raises."""
        found = self._rates(channel, model, usage, at, told or {}, self._find)
        if found is None:
            return UNKNOWN
        rates, version = found
        usd = cost(usage, rates)
        return UNKNOWN if usd is None else Charge(usd, version)

    def known(
        self,
        channel: str,
        model: str,
        usage: Usage,
        *,
        at: float,
        told: Mapping[str, str] | None = None,
    ) -> Charge | None:
        """The same from what is remembered; None where only `charge` could tell. Never blocks."""
        found = self._rates(channel, model, usage, at, told or {}, self._remembered)
        if found is None:
            asked = self._config().channel(channel)
            unknown = asked is None or self._key(asked, model) in self._models
            return UNKNOWN if unknown else None
        rates, version = found
        usd = cost(usage, rates)
        return UNKNOWN if usd is None else Charge(usd, version)

    def context(self, channel: str, model: str) -> int | None:
        """How many tokens the model takes at most; None: not known. Blocks; never raises."""
        asked = self._config().channel(channel)
        if asked is None or asked.type in UNPRICED_TYPES:
            return None  # an engine at home has what it was started with
        found = self._find(asked, model)
        return None if found is None else found.context

    def _rates(
        self,
        name: str,
        model: str,
        usage: Usage,
        at: float,
        told: Mapping[str, str],
        find: Callable[[Channel, str], Model | None],
    ) -> tuple[Rates, str] | None:
        config = self._config()
        mine = own.find_own(config.prices, name, model, usage) if config.prices else None
        if mine is not None:
            return own.rates_of(mine), own.version_of(mine)
        channel = config.channel(name)
        if channel is None or channel.type in UNPRICED_TYPES:
            return None
        found = find(channel, model)
        try:
            return None if found is None else (found.rates(at, told), self._version)
        except Exception as error:
            self._complain(error)
            return None

    def _remembered(self, channel: Channel, model: str) -> Model | None:
        return self._models.get(self._key(channel, model))

    def _find(self, channel: Channel, model: str) -> Model | None:
        key = self._key(channel, model)
        with self._lock:
            if self._listing.outdated():
                self._models = {}
            if key not in self._models:
                self._remember(key, self._listing.read())
            return self._models.get(key)

    def _remember(self, key: _Key, listed: Listed | None) -> None:
        type, url, model = key
        if len(self._models) >= _MOST_MODELS:
            self._models = {}
        if listed is None:  # perhaps the next time
            return
        self._version = listed.version
        provider = _PROVIDERS.get(type)
        try:
            found = listed.table.find(model=model, provider=provider, url=url)
        except Exception as error:
            self._complain(error)
            found = None
        self._models[key] = found

    def _complain(self, error: Exception) -> None:
        """Of a list that cannot be used: made by another version, or fetched as it is."""
        logger.warning("a price cannot be read: %s: %s", type(error).__name__, error)

    def _key(self, channel: Channel, model: str) -> _Key:
        urls = [url for url in (channel.base_url, *channel.endpoints.values()) if url]
        return channel.type, urls[0] if urls else None, model
