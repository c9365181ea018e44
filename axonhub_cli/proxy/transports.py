"""The connection pools: one for each way out, by proxy and by whom its certificates are signed.

Two libraries behind one seam: aiohttp's C parser for direct connections, httpx for proxies (HTTP
and SOCKS5) and for what aiohttp would rewrite.
"""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Mapping
from functools import lru_cache

import aiohttp
import httpx
from yarl import URL

from axonhub_cli.config.userinfo import hide_userinfo
from axonhub_cli.errors import ConfigError, UpstreamUnreachable
from axonhub_cli.proxy.proxies import ProxyRules
from axonhub_cli.proxy.reply import HeaderList

# Whatever a client did not send must not be invented on its behalf.
_NOTHING_ADDED = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
# aiohttp's own limit (8 KB) refuses answers that other clients take.
_LONGEST_HEADER = 256 * 1024
_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=20, keepalive_expiry=60)


class Transports:
    """All pools of one process. Make it inside the running loop; close it there."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        # A daemon calls few URLs, each of them often.
        self.proxy = lru_cache(maxsize=256)(ProxyRules(environ).find)
        """The proxy for a URL; the second argument is the channel's own, or None."""
        self._pools: dict[str | None, _Pool] = {None: _Pool(_trusted(environ))}

    def find(
        self, url: str, headers: HeaderList, proxy: str | None, ca_file: str | None
    ) -> aiohttp.ClientSession | httpx.AsyncHTTPTransport:
        """Raises `UpstreamUnreachable` for a proxy or a CA file that cannot be used."""
        pool = self._pools.get(ca_file)
        if pool is None:
            assert ca_file is not None
            pool = self._pools[ca_file] = _Pool(_trusted_too(ca_file))
        through = self.proxy(url, proxy)
        if through is not None:
            return pool.proxied(through)
        return pool.literal() if _is_rewritten(url, headers) else pool.direct()

    async def aclose(self) -> None:
        for pool in self._pools.values():
            await pool.aclose()


class _Pool:
    """The transports that trust the same authorities; each is made when it is first needed."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        self._tls = tls
        self._direct: aiohttp.ClientSession | None = None
        self._others: dict[str | None, httpx.AsyncHTTPTransport] = {}

    def direct(self) -> aiohttp.ClientSession:
        if self._direct is None:
            self._direct = self._session()
        return self._direct

    def literal(self) -> httpx.AsyncHTTPTransport:
        """Direct as well, for what aiohttp would rewrite."""
        if None not in self._others:
            self._others[None] = httpx.AsyncHTTPTransport(verify=self._tls, limits=_LIMITS)
        return self._others[None]

    def proxied(self, proxy: str) -> httpx.AsyncHTTPTransport:
        if proxy not in self._others:
            self._others[proxy] = _proxy_transport(proxy, self._tls)
        return self._others[proxy]

    async def aclose(self) -> None:
        others, direct = self._others, self._direct
        self._others, self._direct = {}, None
        for transport in others.values():
            await transport.aclose()
        if direct is not None:
            await direct.close()

    def _session(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=60, ssl=self._tls)
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=_NOTHING_ADDED,
            timeout=aiohttp.ClientTimeout(total=None),
            max_line_size=_LONGEST_HEADER,
            max_field_size=_LONGEST_HEADER,
        )


def _trusted(environ: Mapping[str, str]) -> ssl.SSLContext:
    """Honours SSL_CERT_FILE and SSL_CERT_DIR, and falls back to certifi's bundle."""
    try:
        return httpx.create_ssl_context()
    except OSError as error:  # one of `ssl` too
        raise ConfigError(
            f"the certificates of SSL_CERT_FILE ({environ.get('SSL_CERT_FILE')}) cannot be read: "
            f"{error.strerror}",
            hint="it must name a PEM file of CA certificates, or be unset",
        ) from error


def _trusted_too(ca_file: str) -> ssl.SSLContext:
    """The same authorities, and those of the file. It is read once in a process."""
    context = httpx.create_ssl_context()
    try:
        context.load_verify_locations(os.path.expanduser(ca_file))
    except OSError as error:  # one of `ssl` too
        what = error.strerror if not isinstance(error, ssl.SSLError) else "it is no PEM file"
        raise UpstreamUnreachable(
            f"its file of certificate authorities, {ca_file}, cannot be read: {what}",
            hint="`axonhub channel edit NAME --ca-file FILE` names another, --ca-file '' none",
        ) from error
    return context


def _is_rewritten(url: str, headers: HeaderList) -> bool:
    """Would aiohttp change what the client sent? It writes headers as UTF-8 and quotes URLs anew;
    httpx's own transport, which is slower, leaves both alone."""
    return _is_requoted(url) or not all(map(_is_utf8, headers))


@lru_cache(maxsize=256)
def _is_requoted(url: str) -> bool:
    try:
        return not url.endswith(URL(url).raw_path_qs)
    except ValueError:
        return False


def _is_utf8(header: tuple[bytes, bytes]) -> bool:
    value = header[1]
    try:
        return value.isascii() or bool(value.decode())
    except UnicodeDecodeError:
        return False


def _proxy_transport(proxy: str, tls: ssl.SSLContext) -> httpx.AsyncHTTPTransport:
    # httpx knows `socks5`; `socks5h` (names resolved by the proxy) is what its client does anyway.
    url = re.sub(r"^socks5h:", "socks5:", proxy)
    try:
        return httpx.AsyncHTTPTransport(verify=tls, limits=_LIMITS, proxy=url)
    except (ValueError, httpx.InvalidURL) as error:
        raise UpstreamUnreachable(
            f"the proxy {hide_userinfo(proxy)} cannot be used: {error}"
        ) from error
