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
from functools import lru_cache
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from axonhub_cli.config.schema import Channel, Config
from axonhub_cli.ir.response import Usage
from axonhub_cli.pricing import own
from axonhub_cli.pricing.listing import Listed, Listing
from axonhub_cli.pricing.rates import Rates, reckon
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

_ANYBODYS = "openai-compatible"
"""What engines without a type of their own are reached by."""
_HERE = ("localhost", "127.0.0.1", "::1", "0.0.0.0", "host.docker.internal")
_TELLING_TYPES = ("openrouter", "xai")
_TELLING_HOSTS = ("openrouter.ai", "x.ai", "perplexity.ai")
_SEARCHING = ("-search-preview", "-search-api")
"""OpenAI's models that search before they answer, for a fee that the list does not have."""
_COST = "cost"
"""In what an answer tells (`protocols.charged`)."""

logger = logging.getLogger("axonhub")


_Key = tuple[str, str | None, str]
"""Type of channel, its own URL, model."""


class Charge(Struct, frozen=True):
    """What one answer cost; `usd` None: unknown. `price` is the version of the price."""

    usd: Decimal | None = None
    price: str | None = None
    whole: bool = True
    """False: a lower bound, because of something in it the price is not known."""
    flat: bool = False
    """It depends on no tokens."""

    def is_all(self, *, partial: bool) -> bool:
        """Is it what the answer cost, and not a part of it? `partial`: more was done than its
        counts tell, which only who charges for it, or a price for whatever is done, can know."""
        if self.usd is None or not self.whole:
            return False
        return not partial or self.flat or self.price == UPSTREAM


UPSTREAM = "upstream"
"""The version of a price that the answer itself tells."""
UNKNOWN = Charge(whole=False)


class _NotYet(Exception):
    """What would have to be looked up."""


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
        if any(one.enabled and not is_unpriced(one) for one in channels):
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
        says of its price (see `Answer.told`). Blocks; never raises."""
        return self._charge(channel, model, usage, at, told or {}, self._find)

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
        try:
            return self._charge(channel, model, usage, at, told or {}, self._remembered)
        except _NotYet:
            return None

    def context(self, channel: str, model: str) -> int | None:
        """How many tokens the model takes at most; None: not known. Blocks; never raises."""
        asked = self._config().channel(channel)
        if asked is None or is_unpriced(asked):
            return None  # an engine at home has what it was started with
        found = self._find(asked, model)
        return None if found is None else found.context

    def _charge(
        self,
        name: str,
        model: str,
        usage: Usage,
        at: float,
        told: Mapping[str, str],
        find: Callable[[Channel, str], Model | None],
    ) -> Charge:
        """By one's own price, by what the answer says itself, by the list."""
        config = self._config()
        channel = config.channel(name)
        mine = own.find_own(config.prices, name, model, usage) if config.prices else None
        if mine is None and channel is None:
            return UNKNOWN
        if mine is None and channel is not None and _COST in told and bills_in_dollars(channel):
            return Charge(Decimal(told[_COST]), UPSTREAM)
        if mine is not None:
            rates, version, times, sure = own.rates_of(mine), own.version_of(mine), _ONCE, True
            if usage.web_searches and rates.web_searches_kcount is None and not rates.are_free:
                listed = self._listed(channel, model, at, told, find)
                searches = None if listed is None else listed.web_searches_kcount
                rates = replace(rates, web_searches_kcount=searches)
        else:
            found = self._listed(channel, model, at, told, find)
            if found is None:
                return UNKNOWN
            rates, version = found, self._version
            times, sure = _residency(told)
            sure = sure and not any(word in model for word in _SEARCHING)
        reckoned = reckon(usage, rates, times)
        if reckoned is None:
            return UNKNOWN
        return Charge(reckoned.usd, version, reckoned.whole and sure, reckoned.flat)

    def _listed(
        self,
        channel: Channel | None,
        model: str,
        at: float,
        told: Mapping[str, str],
        find: Callable[[Channel, str], Model | None],
    ) -> Rates | None:
        if channel is None or is_unpriced(channel):
            return None
        found = find(channel, model)
        try:
            return None if found is None else found.rates(at, told)
        except Exception as error:
            self._complain(error)
            return None

    def _remembered(self, channel: Channel, model: str) -> Model | None:
        key = self._key(channel, model)
        if key not in self._models:
            raise _NotYet
        return self._models.get(key)

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
        return channel.type, _url_of(channel), model


def is_unpriced(channel: Channel) -> bool:
    """Does it run on this machine, for all that is known? What is of a vendor's own type has the
    vendor's prices, wherever it is reached."""
    if channel.type in UNPRICED_TYPES:
        return True
    return channel.type == _ANYBODYS and _host_of(_url_of(channel) or "") in _HERE


def bills_in_dollars(channel: Channel) -> bool:
    """Is what its answers tell as their cost what is paid, in US dollars? Others may count in
    credits, or tell a list's price."""
    if channel.type in _TELLING_TYPES:
        return True
    host = _host_of(_url_of(channel) or "")
    return any(host == known or host.endswith(f".{known}") for known in _TELLING_HOSTS)


def _residency(told: Mapping[str, str]) -> tuple[Decimal, bool]:
    """By how much the tokens' price is multiplied for where the model ran, and whether that is
    known (platform.claude.com/docs/en/manage-claude/data-residency, "Pricing", read 2026-11: 1.1
    for every kind of token; the models that are asked for a place all have this price)."""
    where = told.get("inference_geo", "global")
    return _PLACES.get(where, _ONCE), where in _PLACES


_ONCE = Decimal(1)
_PLACES = {"global": _ONCE, "not_available": _ONCE, "us": Decimal("1.1")}


def _url_of(channel: Channel) -> str | None:
    urls = [url for url in (channel.base_url, *channel.endpoints.values()) if url]
    return urls[0] if urls else None


@lru_cache(maxsize=256)
def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
