"""A prompt that is too long for one model, and who is asked then."""

from __future__ import annotations

import asyncio

import pytest

from axonhub_cli.routing.balance import Sources
from tests.support import plays
from tests.support.stage import Told, ask, endpoint, new_services, snapshot_of
from tests.support.upstream import Play, SeenRequest, Upstream

TOO_LONG = plays.error(400, "invalid_request_error", "prompt is too long: 9 tokens > 8 maximum")


def told(sizes: dict[str, int | None] | None, upstream: Upstream) -> Told:
    """Channels `a`, `b` and `c`, of which the first two find the prompt too long."""

    def answer(request: SeenRequest) -> Play:
        return plays.message("pong") if request.path.startswith("/c/") else TOO_LONG

    upstream.answer = answer
    channels = [
        endpoint(name, f"{upstream.url}/{name}", priority=n) for n, name in enumerate("abc")
    ]
    context = None if sizes is None else lambda channel, model: sizes[channel]

    async def story() -> Told:
        services = new_services(sources=Sources(context=context))
        found = await ask(snapshot_of(*channels), services=services)
        await services.upstreams.aclose()
        return found

    return asyncio.run(story())


@pytest.mark.parametrize(
    ("sizes", "asked"),
    [
        ({"a": 200, "b": 200, "c": 1000}, ["a", "c"]),
        ({"a": 200, "b": 400, "c": 1000}, ["a", "b", "c"]),
        ({"a": 200, "b": None, "c": 1000}, ["a", "c"]),
    ],
)
def test_only_models_that_are_known_to_take_more_are_asked(
    upstream: Upstream, sizes: dict[str, int | None], asked: list[str]
) -> None:
    found = told(sizes, upstream)
    assert (found.status, found.channels) == (200, asked)
    assert found.record.decision["failures"][0]["then"] == "a channel with a larger context"


@pytest.mark.parametrize(
    "sizes",
    [None, {"a": 200, "b": 200, "c": 200}, {"a": None, "b": 400, "c": 1000}],
    ids=["nothing is known", "none is larger", "its own is not known"],
)
def test_else_the_client_is_told_in_the_upstreams_words(
    upstream: Upstream, sizes: dict[str, int | None] | None
) -> None:
    found = told(sizes, upstream)
    assert (found.status, found.channels) == (400, ["a"])
    assert b"prompt is too long: 9 tokens > 8 maximum" in found.body
