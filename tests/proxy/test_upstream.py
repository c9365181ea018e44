"""Connections to upstreams: direct, through proxies, embedded; and what their failures are."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from axonhub_cli.errors import ConfigError, UpstreamError, UpstreamTimeout, UpstreamUnreachable
from axonhub_cli.proxy.upstream import Exchange, UpstreamCall, Upstreams
from tests.support import plays
from tests.support.certificate import make_certificate
from tests.support.forward_proxy import ForwardProxy
from tests.support.plays import JSON, body
from tests.support.upstream import Close, Raw, Reset, Upstream, refusing_url

T = TypeVar("T")


def call(url: str, data: bytes = b"{}", proxy: str | None = None) -> UpstreamCall:
    headers = [(b"content-type", b"application/json"), (b"x-odd", b"1")]
    return UpstreamCall("POST", url, headers, data, connect_timeout=5, proxy=proxy)


def with_upstreams(
    work: Callable[[Upstreams], Awaitable[T]], environ: dict[str, str] | None = None
) -> T:
    async def story() -> T:
        upstreams = Upstreams(environ or {})
        try:
            return await work(upstreams)
        finally:
            await upstreams.aclose()

    return asyncio.run(story())


async def read(upstreams: Upstreams, request: UpstreamCall) -> tuple[int, bytes]:
    exchange = await upstreams.open(request)
    try:
        return exchange.status, await exchange.read()
    finally:
        await exchange.aclose()


@pytest.fixture
def proxy(upstream: Upstream) -> Iterator[ForwardProxy]:
    server = ForwardProxy(upstream.port)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.mark.parametrize("size", [2, 2 << 20])
def test_nothing_is_added_to_the_headers(upstream: Upstream, size: int) -> None:
    with_upstreams(lambda u: read(u, call(f"{upstream.url}/v1/other", b"x" * size)))
    names = [name.lower() for name, _ in upstream.requests[0].headers]
    assert sorted(names) == ["content-length", "content-type", "host", "x-odd"]


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, 3 << 20])
def test_bodies_of_any_size_arrive_whole_with_their_length(upstream: Upstream, size: int) -> None:
    data = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    with_upstreams(lambda u: read(u, call(f"{upstream.url}/v1/other", data)))
    seen = upstream.requests[0]
    assert seen.body == data
    assert seen.header("transfer-encoding") is None


def test_a_connection_is_used_again(upstream: Upstream) -> None:
    async def twice(upstreams: Upstreams) -> None:
        for _ in range(2):
            await read(upstreams, call(f"{upstream.url}/v1/messages"))

    with_upstreams(twice)
    assert upstream.connections == 1


def test_an_http_proxy_of_the_environment_is_used(upstream: Upstream, proxy: ForwardProxy) -> None:
    environ = {"HTTP_PROXY": f"http://user:pass@127.0.0.1:{proxy.port}"}
    request = call("http://provider.test/v1/messages")
    assert with_upstreams(lambda u: read(u, request), environ)[0] == 200
    assert proxy.targets == ["provider.test"]
    assert proxy.authorizations[0].startswith("Basic ")


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
def test_a_socks_proxy_of_the_channel_is_used(
    upstream: Upstream, proxy: ForwardProxy, scheme: str
) -> None:
    request = call("http://provider.test/v1/messages", proxy=f"{scheme}://127.0.0.1:{proxy.port}")
    assert with_upstreams(lambda u: read(u, request))[0] == 200
    assert proxy.targets == ["provider.test:80"]


def test_loopback_never_goes_through_a_proxy(upstream: Upstream, proxy: ForwardProxy) -> None:
    address = f"http://127.0.0.1:{proxy.port}"
    environ = {"HTTP_PROXY": address, "ALL_PROXY": address}
    request = call(f"{upstream.url}/v1/messages", proxy=address)
    assert with_upstreams(lambda u: read(u, request), environ)[0] == 200
    assert proxy.targets == []


def failure(request: UpstreamCall, environ: dict[str, str] | None = None) -> UpstreamError:
    with pytest.raises(UpstreamError) as raised:
        with_upstreams(lambda u: read(u, request), environ)
    return raised.value


def test_a_refused_connection_is_not_a_dropped_one() -> None:
    with refusing_url() as url:
        error = failure(call(url))
    assert isinstance(error, UpstreamUnreachable)
    assert not error.dropped
    where = url.removeprefix("http://")
    assert error.message == f"cannot connect to {where}: connection refused"


def test_a_call_shows_no_credential() -> None:
    headers = [(b"authorization", b"Bearer hunter2")]
    shown = repr(UpstreamCall("POST", "https://u:hunter2@x/v1?key=hunter2", headers, b"hunter2", 1))
    assert shown == "UpstreamCall(POST https://***@x/v1)"


def test_a_name_that_does_not_exist_is_said() -> None:
    error = failure(call("http://no-such-host.invalid/v1"))
    assert "cannot connect to no-such-host.invalid" in error.message


def test_a_proxy_that_is_not_there_is_said_without_its_password() -> None:
    with refusing_url() as url:
        address = url.replace("http://", "http://user:h@nter2@")
        error = failure(call("http://provider.test/v1"), {"HTTP_PROXY": address})
    assert isinstance(error, UpstreamUnreachable)
    shown = url.replace("http://", "http://***@")
    assert error.message == f"cannot connect to the proxy {shown}: connection refused"


def test_a_proxy_of_an_unknown_kind_is_said() -> None:
    error = failure(call("http://provider.test/v1", proxy="gopher://user:p@hunter2@x"))
    assert "cannot be used" in error.message
    assert "hunter2" not in error.message


def test_a_reset_before_the_answer_is_a_dropped_connection(upstream: Upstream) -> None:
    upstream.script(plays.reset())
    error = failure(call(f"{upstream.url}/v1/messages"))
    assert isinstance(error, UpstreamUnreachable)
    assert error.dropped


def test_a_break_inside_the_answer_is_not(upstream: Upstream) -> None:
    from tests.support.upstream import Close, Data, Head

    upstream.script((Head(200, (("content-length", "100"),)), Data(b"half"), Close()))
    error = failure(call(f"{upstream.url}/v1/messages"))
    assert isinstance(error, UpstreamUnreachable)
    assert not error.dropped
    assert "inside the answer" in error.message


def test_a_certificate_that_is_not_trusted_names_the_remedy(tmp_path: Path) -> None:
    with tls_server(tmp_path) as port:
        error = failure(call(f"https://localhost:{port}/v1"))
    assert "certificate" in error.message
    assert error.hint is not None
    assert "SSL_CERT_FILE" in error.hint


def test_a_certificate_of_ssl_cert_file_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tls_server(tmp_path) as port:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
        assert with_upstreams(lambda u: read(u, call(f"https://localhost:{port}/v1")))[0] == 200


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_an_ssl_cert_file_without_certificates_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None
) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with pytest.raises(ConfigError, match="SSL_CERT_FILE .*ca.pem"):
        Upstreams({"SSL_CERT_FILE": str(file)})


def test_an_address_that_takes_no_connection_is_a_timeout() -> None:
    import socket

    # A full backlog: the kernel drops further connection attempts.
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        fillers = []
        for _ in range(8):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
            fillers.append(filler)
        request = UpstreamCall("POST", f"http://127.0.0.1:{port}/", [], b"{}", connect_timeout=0.2)
        error = failure(request)
        for filler in fillers:
            filler.close()
    assert isinstance(error, UpstreamTimeout)
    assert "within 0.2 s" in error.message


def test_the_embedded_provider_answers_without_a_socket() -> None:
    data = b'{"model":"echo","max_tokens":5,"messages":[{"role":"user","content":"hi"}]}'
    status, answer = with_upstreams(lambda u: read(u, call("echo:/v1/messages", data)))
    assert status == 200
    assert b'"hi' in answer or b"hi" in answer


def test_a_header_is_found_whatever_its_case(upstream: Upstream) -> None:
    upstream.script(body(200, b"{}", JSON, ("X-Odd", "1")))

    async def head(upstreams: Upstreams) -> Exchange:
        exchange = await upstreams.open(call(f"{upstream.url}/v1/messages"))
        await exchange.aclose()
        return exchange

    exchange = with_upstreams(head)
    assert (exchange.header(b"x-odd"), exchange.header(b"x-none")) == ("1", None)


class tls_server:
    """A TLS server with a fresh self-signed certificate for `localhost`, answering 200."""

    def __init__(self, folder: Path) -> None:
        self._cert, self._key = make_certificate(folder)

    def __enter__(self) -> int:
        import http.server
        import threading

        class Answer(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                self.send_response(200)
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *args: object) -> None:
                pass

        class Quiet(http.server.HTTPServer):
            def handle_error(self, *args: object) -> None:
                pass

        self._server = Quiet(("127.0.0.1", 0), Answer)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._cert, self._key)
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=True
        )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        return self._server.server_port

    def __exit__(self, *args: object) -> None:
        self._server.shutdown()
        self._thread.join(15)
        self._server.server_close()


BEGUN = {
    "no HTTP": Raw(b"HELLO\r\n\r\n"),
    "a broken head": Raw(b"HTTP/1.1 200 OK\r\nno header\r\n\r\n"),
    "half a head": Raw(b"HTTP/1.1 200 OK\r\ncontent-ty"),
}


@pytest.mark.parametrize("step", BEGUN.values(), ids=BEGUN.keys())
def test_an_answer_that_had_begun_is_not_a_dropped_connection(
    upstream: Upstream, step: Raw
) -> None:
    upstream.script((step, Close()))
    with pytest.raises(UpstreamError) as raised:
        with_upstreams(lambda u: read(u, call(f"{upstream.url}/v1/messages")))
    assert getattr(raised.value, "dropped", False) is False


@pytest.mark.parametrize("step", [Reset(), Close()])
def test_a_connection_that_ends_in_silence_is_a_dropped_one(
    upstream: Upstream, step: Reset | Close
) -> None:
    upstream.script((step,))
    with pytest.raises(UpstreamUnreachable) as raised:
        with_upstreams(lambda u: read(u, call(f"{upstream.url}/v1/messages")))
    assert raised.value.dropped


def test_a_long_header_of_an_answer_is_taken(upstream: Upstream) -> None:
    upstream.script(body(200, b"{}", JSON, ("link", "x" * 100_000)))
    assert with_upstreams(lambda u: read(u, call(f"{upstream.url}/v1/messages"))) == (200, b"{}")


@pytest.mark.parametrize("query", ["a=%7e", "a=%41&b=[]", "a=b%2fc", "a={x}", "beta=true", "a=%e9"])
def test_a_query_is_sent_as_it_was_written(upstream: Upstream, query: str) -> None:
    with_upstreams(lambda u: read(u, call(f"{upstream.url}/v1/other?{query}")))
    assert upstream.requests[0].target == f"/v1/other?{query}"


@pytest.mark.parametrize("value", [b"caf\xe9", "café 🎉".encode(), b"\xff \xc3\xa9"])
def test_a_header_is_sent_byte_for_byte(upstream: Upstream, value: bytes) -> None:
    headers = [(b"x-odd", value), (b"x-twice", b"1"), (b"x-twice", b"2")]
    url = f"{upstream.url}/v1/other"
    with_upstreams(lambda u: read(u, UpstreamCall("POST", url, headers, b"{}", 5)))
    seen = upstream.requests[0]
    assert (seen.header("x-odd") or "").encode("latin-1") == value
    assert ", ".join(v for n, v in seen.headers if n == "x-twice") == "1, 2"


@pytest.mark.parametrize("value", [b"s3cret\nx-other: 1", b"s3cret\nx: \xff"], ids=["C", "python"])
def test_a_header_that_cannot_be_sent_is_named_without_its_value(
    upstream: Upstream, value: bytes
) -> None:
    """By either of the two libraries; the second one is given what is not UTF-8."""
    headers = [(b"x-api-key", value)]
    request = UpstreamCall("POST", f"{upstream.url}/v1", headers, b"{}", connect_timeout=5)
    with pytest.raises(UpstreamUnreachable, match="the header 'x-api-key'") as caught:
        with_upstreams(lambda u: read(u, request))
    assert "s3cret" not in str(caught.value)
    assert not caught.value.dropped, "sending it once more would help nobody"
    assert upstream.requests == []
    # Until this is answered, the upstream has seen the first connection come and go.
    with_upstreams(lambda u: read(u, call(f"{upstream.url}/v1/other")))
