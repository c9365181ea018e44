"""Which quirks of a channel's dialect change a body, each with what it makes of it.

For whoever explains a recorded request: nothing of this is noted while requests are served.
"""

from __future__ import annotations

from collections.abc import Iterator

from axonhub_cli.config.schema import Channel
from axonhub_cli.dialects.base import QuirkContext, RequestQuirk, Settings
from axonhub_cli.jsonio import Json
from axonhub_cli.providers import PROVIDERS
from axonhub_cli.proxy.convert import dialect_of


def quirk_steps(
    channel: Channel, protocol: str, model: str, body: Json
) -> Iterator[tuple[str, Json, Json]]:
    """Of a relayed body: what each quirk is called, and the body before and after it, of those
    that change something. `model` is the upstream's name."""
    provider = PROVIDERS[channel.type]
    dialect = dialect_of(provider, protocol)
    if dialect.relays or not isinstance(body, dict):
        return
    settings = Settings(caps=provider.caps, tells_user=channel.client_identity is True)
    context = QuirkContext(model, None, settings)
    for quirk in dialect.request:
        before = body
        body, _ = quirk(before, context)
        if body is not before:
            yield _in_words(quirk), before, body


def _in_words(quirk: RequestQuirk) -> str:
    name, whole = str(getattr(quirk, "__name__", "")), str(getattr(quirk, "__qualname__", ""))
    # One that another function made is called like that, unless it was given a name.
    if whole.rpartition(".")[2] == name:
        name = whole.partition(".")[0]
    return name.replace("_", " ")
