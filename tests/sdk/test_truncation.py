"""A stream that is cut anywhere reaches the official SDK as an error, or whole."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sdk.late import anthropic
from tests.support import plays
from tests.support.daemon import Daemon
from tests.support.home import KEY, Home, channel
from tests.support.upstream import Close, End, Upstream

EVENTS = plays.as_events(
    plays.thinking("hm"), plays.text("für alle 🎈"), plays.tool_use("Bash", {"command": "ls"})
)
SIZE = sum(len(event) for event in EVENTS)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Upstream, str]]:
    """An upstream and the URL of a daemon before it, shared by all examples."""
    upstream = Upstream(plays.default_answer)
    upstream.start()
    home = Home(tmp_path_factory.mktemp("truncation"))
    home.configure(channel(upstream.url))
    daemon = Daemon(home).start()
    try:
        yield upstream, daemon.url
    finally:
        daemon.stop()
        upstream.stop()


def kinds_before(at: int) -> list[str]:
    """The types of the events that are whole in the first `at` bytes."""
    kinds, size = [], 0
    for event in EVENTS:
        size += len(event)
        if size <= at:
            kinds.append(event.split(b"\n")[0].removeprefix(b"event: ").decode())
    return kinds


@given(at=st.integers(0, SIZE), how=st.sampled_from([End(), Close()]))
def test_a_cut_stream_is_an_error_with_every_event_before_it(
    gateway: tuple[Upstream, str], at: int, how: End | Close
) -> None:
    upstream, url = gateway
    upstream.script(plays.truncated(EVENTS, at, how=how))
    whole = kinds_before(at)
    seen: list[str] = []
    failed: anthropic.APIStatusError | None = None
    with anthropic.Anthropic(base_url=url, api_key=KEY, max_retries=0, timeout=15) as client:
        try:
            with client.messages.create(
                model="claude-x", max_tokens=9, messages=[], stream=True
            ) as stream:
                # What came before an exception stays in the list.
                seen.extend(event.type for event in stream)
        except anthropic.APIStatusError as error:
            failed = error
    # The SDK keeps pings to itself.
    expected = [kind for kind in whole if kind != "ping"]
    if "message_delta" in whole:
        # The stop reason is there: the missing end is supplied.
        assert failed is None
        assert seen == [kind for kind in kinds_before(SIZE) if kind != "ping"]
    elif "content_block_start" in whole:
        assert failed is not None
        assert seen == expected
    else:
        # Nothing of the answer had been seen: a status, not a broken stream.
        assert failed is not None
        assert failed.status_code == 502
        assert seen == []
