"""The pools: who may have signed an upstream's certificate, whichever way leads to it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from axonhub_cli.errors import UpstreamUnreachable
from axonhub_cli.proxy.upstream import UpstreamCall, Upstreams
from tests.support import plays
from tests.support.certificate import make_signed
from tests.support.forward_proxy import ForwardProxy
from tests.support.upstream import Upstream


def call(url: str, ca_file: Path | None = None, proxy: str | None = None) -> UpstreamCall:
    trusted = str(ca_file) if ca_file is not None else None
    headers = [(b"content-type", b"application/json")]
    return UpstreamCall("POST", f"{url}/v1/messages", headers, b"{}", 5, proxy, trusted)


def ask(*calls: UpstreamCall) -> list[int]:
    """One after the other, through the same pools."""

    async def story() -> list[int]:
        upstreams = Upstreams({})
        try:
            statuses = []
            for each in calls:
                exchange = await upstreams.open(each)
                await exchange.read()
                await exchange.aclose()
                statuses.append(exchange.status)
            return statuses
        finally:
            await upstreams.aclose()

    return asyncio.run(story())


@contextmanager
def company(folder: Path, host: str = "localhost") -> Iterator[tuple[Upstream, Path]]:
    """An upstream with a certificate of its company's own authority, and that one's file."""
    authority, context = make_signed(folder, host)
    server = Upstream(plays.default_answer, context)
    server.start()
    try:
        yield server, authority
    finally:
        server.stop()


def test_an_authority_of_the_channels_own_is_trusted_by_it_alone(tmp_path: Path) -> None:
    with company(tmp_path) as (upstream, authority):
        assert ask(call(upstream.url, authority)) == [200]
        with pytest.raises(UpstreamUnreachable, match="is not trusted") as caught:
            ask(call(upstream.url, authority), call(upstream.url))
    assert "--ca-file" in (caught.value.hint or "")


def test_its_connections_are_used_again(tmp_path: Path) -> None:
    with company(tmp_path) as (upstream, authority):
        assert ask(*[call(upstream.url, authority)] * 3) == [200, 200, 200]
        assert upstream.connections == 1


def test_it_is_trusted_beside_the_usual_ones(tmp_path: Path, upstream: Upstream) -> None:
    with company(tmp_path) as (other, authority):
        assert ask(call(other.url, authority), call(upstream.url, authority)) == [200, 200]


def test_a_header_that_aiohttp_would_rewrite_goes_there_too(tmp_path: Path) -> None:
    with company(tmp_path) as (upstream, authority):
        odd = UpstreamCall(
            "POST",
            f"{upstream.url}/v1/messages",
            [(b"x-odd", b"\xff")],
            b"{}",
            5,
            None,
            str(authority),
        )
        assert ask(odd) == [200]


@pytest.mark.parametrize(
    ("scheme", "shown"), [("http", "Basic dXNlcjpwQHNz"), ("socks5", "user:p@ss")]
)
def test_it_is_trusted_through_a_proxy_with_a_password_too(
    tmp_path: Path, scheme: str, shown: str
) -> None:
    with company(tmp_path, "provider.test") as (upstream, authority):
        proxy = ForwardProxy(upstream.port)
        proxy.start()
        try:
            address = f"{scheme}://user:p%40ss@127.0.0.1:{proxy.port}"
            assert ask(call("https://provider.test", authority, address)) == [200]
            with pytest.raises(UpstreamUnreachable, match="certificate of provider.test"):
                ask(call("https://provider.test", None, address))
        finally:
            proxy.stop()
    assert set(proxy.targets) == {"provider.test:443"}
    assert proxy.authorizations == [shown, shown]


@pytest.mark.parametrize(
    ("content", "said"), [(None, "no such file or directory"), ("no certificate", "no PEM file")]
)
def test_a_file_of_authorities_that_cannot_be_used_is_said(
    tmp_path: Path, content: str | None, said: str
) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(UpstreamUnreachable) as caught:
        ask(call("https://localhost:1", file))
    assert f"{file}, cannot be read" in caught.value.message
    assert said in caught.value.message.lower().replace("pem", "PEM")
    assert "--ca-file" in (caught.value.hint or "")
