"""The list of prices that `extract.py` takes out of `genai-prices`: who sells what for how much.

Pure. The rules are those of the package (0.2): the first model that matches counts; of prices with
conditions the last one whose condition holds, else the first; a variant (a service tier, a speed)
replaces single rates.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

import msgspec
from msgspec import Struct, structs

from axonhub_cli.pricing.rates import Rates

_BEDROCK = re.compile(r"(?:[a-z-]+\.)?(anthropic|openai|deepseek|mistral)\.(.+?)(?:-v?\d+:\d+)?")
"""`us.anthropic.claude-sonnet-4-5-20250929-v1:0`: a region, the maker, its model, a version."""
_MAKERS = {"mistralai": "mistral", "xai": "x-ai", "z-ai": "zai", "gemini": "google"}
"""How routers call providers of the list; others they call as the list does."""
_COMPACT_DATE = re.compile(r"-(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)")

Clause = dict[str, Any]
"""`{"starts_with": "claude-"}`, `{"or": […]}`, …: one entry each."""


class Priced(Struct, frozen=True, omit_defaults=True):
    """Rates, and when they hold: from a day on, or between two times of day (UTC)."""

    rates: Rates
    since: date | None = None
    between: tuple[time, time] | None = None
    when: dict[str, str] = {}
    """Of a variant: what the answer must say, such as `service_tier`."""

    def holds(self, at: datetime) -> bool:
        if self.since is not None:
            return at.date() >= self.since
        if self.between is None:
            return True
        start, end = self.between
        now = at.time()
        return now >= start or now < end if end < start else start <= now < end


class Model(Struct, frozen=True, omit_defaults=True):
    id: str
    match: Clause
    prices: tuple[Priced, ...]
    variants: tuple[Priced, ...] = ()
    context: int | None = None
    """The most tokens it takes; None: the list does not say."""

    @property
    def is_free(self) -> bool:
        """Where its maker sells it; whoever else runs it may well want money for it."""
        return all(price.rates.are_free for price in self.prices)

    def rates(self, at: float, told: Mapping[str, str]) -> Rates:
        """What held at this moment (seconds since the epoch); `told`: see `Priced.when`."""
        moment = datetime.fromtimestamp(at, UTC)
        held = [price for price in self.prices if price.holds(moment)]
        rates = held[-1].rates if held else self.prices[0].rates
        for variant in reversed(self.variants):
            if variant.holds(moment) and all(told.get(k) == v for k, v in variant.when.items()):
                given = {k: v for k, v in structs.asdict(variant.rates).items() if v is not None}
                rates = structs.replace(rates, **given)
        return rates


class Seller(Struct, frozen=True, omit_defaults=True):
    """One provider of the list."""

    id: str
    api_pattern: str
    models: tuple[Model, ...]
    model_match: Clause | None = None
    fallbacks: tuple[str, ...] = ()
    """Providers whose models it sells too, at their prices."""


class Table:
    """Finds models. Only the providers that are asked for are decoded, and none is kept."""

    def __init__(self, raw: bytes) -> None:
        """`raw`: a JSON object, id to `Seller`. Raises `msgspec.DecodeError`."""
        self._raw = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])

    def find(
        self, *, model: str, provider: str | None = None, url: str | None = None
    ) -> Model | None:
        """The model of the provider that is at `url`, else that of `provider` (an id of the list),
        else that of its maker: the one it names (`openai/…`), or whose kind of name it has. None:
        nobody here sells it."""
        model = model.lower()
        seller = self._at_url(url) if url is not None else None
        if seller is None and provider is not None:
            seller = self._seller(provider)
        if seller is None and provider is None:
            return self._of_maker(model)
        return None if seller is None else self._find(seller, model)

    def _of_maker(self, model: str) -> Model | None:
        bedrock = _BEDROCK.fullmatch(model)
        if bedrock is not None:
            model = "/".join(bedrock.groups())
        # A size or a variant (`deepseek-r1:7b`) is what an engine at home calls a model.
        if ":" in model:
            return None
        *prefixes, name = model.split("/")
        maker = prefixes[-1] if prefixes else ""
        seller = self._seller(_MAKERS.get(maker, maker)) or self._named_like(name)
        found = None if seller is None else self._find(seller, name)
        if found is None and seller is not None and "." in name:
            # Routers write `claude-sonnet-4.5`.
            found = self._find(seller, name.replace(".", "-"))
        return None if found is None or found.is_free else found

    def _find(self, seller: Seller, model: str) -> Model | None:
        dashed = _COMPACT_DATE.sub(r"-\1-\2-\3", model)
        for name in dict.fromkeys((model, dashed)):
            for source in (seller, *map(self._seller, seller.fallbacks)):
                found = _first(source.models, name) if source is not None else None
                if found is not None:
                    return found
        return None

    def _at_url(self, url: str) -> Seller | None:
        for id, raw in self._raw.items():
            if re.match(_peek(raw).api_pattern, url):
                return self._seller(id)
        return None

    def _named_like(self, model: str) -> Seller | None:
        for id, raw in self._raw.items():
            clause = _peek(raw).model_match
            if clause is not None and matches(clause, model):
                return self._seller(id)
        return None

    def _seller(self, id: str) -> Seller | None:
        raw = self._raw.get(id)
        return None if raw is None else msgspec.json.decode(raw, type=Seller)


class _Head(Struct, frozen=True):
    api_pattern: str
    model_match: Clause | None = None


def _peek(raw: msgspec.Raw) -> _Head:
    return msgspec.json.decode(raw, type=_Head)


def matches(clause: Clause, name: str) -> bool:
    """Does a model's name (in lower case) fit?"""
    ((kind, value),) = clause.items()
    match kind:
        case "equals":
            return bool(name == value.lower())
        case "starts_with":
            return name.startswith(value.lower())
        case "ends_with":
            return name.endswith(value.lower())
        case "contains":
            return value.lower() in name
        case "regex":
            return bool(re.search(value, name))
        case "or":
            return any(matches(part, name) for part in value)
        case "and":
            return all(matches(part, name) for part in value)
        case _:
            return False


def _first(models: Sequence[Model], name: str) -> Model | None:
    return next((model for model in models if matches(model.match, name)), None)
