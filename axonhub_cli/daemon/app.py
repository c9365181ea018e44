"""The composition root: builds everything a daemon is made of, and its routes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from starlette.routing import BaseRoute, Route, Router

from axonhub_cli.config.paths import Paths
from axonhub_cli.config.schema import Config, Server
from axonhub_cli.daemon.admin import Admin, RoutingEndpoint, TokensEndpoint
from axonhub_cli.daemon.costs import Costs
from axonhub_cli.daemon.endpoints import (
    Context,
    HealthEndpoint,
    MissingEndpoint,
    ModelsEndpoint,
    Only,
    ProxyEndpoint,
    TextEndpoint,
)
from axonhub_cli.daemon.keeper import Keeper
from axonhub_cli.daemon.live import LiveEndpoint
from axonhub_cli.daemon.metrics import MetricsEndpoint
from axonhub_cli.daemon.observers import Observers
from axonhub_cli.daemon.quota_history import QuotaHistory
from axonhub_cli.daemon.runtime import Runtime
from axonhub_cli.daemon.session_endpoint import SESSION_ROUTE, SessionEndpoint
from axonhub_cli.daemon.shield import App, Shield
from axonhub_cli.daemon.state import LIVE_PATH, ROUTING_PATH, TOKENS_PATH
from axonhub_cli.ir.recall import Recall
from axonhub_cli.pricing.listing import Listing
from axonhub_cli.pricing.prices import Pricer
from axonhub_cli.protocols import PROTOCOLS
from axonhub_cli.proxy.admission import ChannelPlaces
from axonhub_cli.proxy.issuers import Issuers
from axonhub_cli.proxy.quotas import QuotaBook
from axonhub_cli.proxy.services import Services
from axonhub_cli.proxy.spent_now import spent_now
from axonhub_cli.proxy.upstream import Upstreams
from axonhub_cli.routing.allowances import Allowances
from axonhub_cli.routing.balance import Sources
from axonhub_cli.routing.state import RoutingState
from axonhub_cli.routing.supply import Supply
from axonhub_cli.routing.tokens import Tokens
from axonhub_cli.tracing.entries import Entry
from axonhub_cli.tracing.lineage import Lineage
from axonhub_cli.tracing.live import Feed
from axonhub_cli.tracing.recorder import Recorder
from axonhub_cli.tracing.roots import Roots
from axonhub_cli.tracing.writer import TraceWriter

_WRITER_CLOSE_S = 10.0
_READING = ("GET", "HEAD")
_WELCOME = "axonhub: a local AI gateway. Point a client here with: eval $(axonhub env)\n"


def build_app(
    runtime: Runtime, paths: Paths, environ: Mapping[str, str], secret: str, feed: Feed
) -> App:
    """The ASGI application; its lifespan owns the connections and the trace writer.

    `runtime` must have been started, so that a bad configuration is known before a port is bound.
    `feed`: to be closed when the daemon begins to stop, or its listeners would keep it waiting.
    """
    lineage = Lineage(PROTOCOLS)
    listing = _make_listing(runtime, paths)
    pricer, costs = Pricer(lambda: runtime.snapshot.config, listing), Costs(listing, time.time)
    observers = Observers(runtime, feed, environ)
    writer = _make_writer(runtime, paths, lineage, pricer, observers.observe)
    upstreams = Upstreams(environ)
    issuers = Issuers(paths.data_dir / "issuers.txt")
    book = QuotaBook(time.time, lambda record: spent_now(record, pricer))
    supply, state = _make_state(runtime)
    keeper = Keeper(paths.routing_file, state, time.time)
    context = Context(
        runtime=runtime,
        services=_make_services(runtime, upstreams, issuers, state, supply, book, costs, pricer),
        recorder=Recorder(writer, feed.started),
        lineage=lineage,
        roots=Roots(),
        secret=secret,
        started_at=time.monotonic(),
        traces_problem=lambda: writer.problem,
        refused=observers.refused,
        telemetry_problem=lambda: observers.exporter.problem,
        traces_told=writer.told,
    )
    metrics = MetricsEndpoint(context, observers, writer)

    @asynccontextmanager
    async def lifespan(app: object) -> AsyncIterator[None]:
        observers.use_gauges(asyncio.get_running_loop(), metrics.gauges)
        keeper.start()
        await _follow_configuration(book, QuotaHistory(book, paths.trace_db), costs, state, runtime)
        writer.start()
        try:
            yield
        finally:
            await keeper.aclose()
            await upstreams.aclose()
            issuers.close()
            writer.close(_WRITER_CLOSE_S)
            observers.close()

    router = _make_router(context, _routes(context, book, paths, observers, metrics), lifespan)
    return Shield(router, _server_settings(runtime), time.monotonic, context.refused)


def _make_router(
    context: Context,
    routes: list[BaseRoute],
    lifespan: Callable[[object], AbstractAsyncContextManager[None]],
) -> Router:
    # The router alone: the framework's own middlewares would wrap each message of each answer.
    missing = MissingEndpoint(context, _paths())
    return Router(routes=routes, redirect_slashes=False, default=missing, lifespan=lifespan)


def _server_settings(runtime: Runtime) -> Callable[[], Server]:
    return lambda: runtime.snapshot.config.server


def _make_state(runtime: Runtime) -> tuple[Supply, RoutingState]:
    supply = Supply(Allowances(), Tokens(), lambda name: runtime.snapshot.tokens.get(name, ()))
    return supply, RoutingState(tokens=supply.tokens, allowances=supply.allowances)


def _make_services(
    runtime: Runtime,
    upstreams: Upstreams,
    issuers: Issuers,
    state: RoutingState,
    supply: Supply,
    book: QuotaBook,
    costs: Costs,
    pricer: Pricer,
) -> Services:
    return Services(
        upstreams=upstreams,
        clock=time.monotonic,
        refused=runtime.refused,
        issuers=issuers,
        recall=Recall(),
        routing=state,
        tokens=supply.tokens,
        allowances=supply.allowances,
        admission=ChannelPlaces(time.monotonic),
        sources=Sources(supply.headroom, supply.quota, costs.price, pricer.context),
        quotas=book,
        pricer=pricer,
    )


async def _follow_configuration(
    book: QuotaBook, history: QuotaHistory, costs: Costs, state: RoutingState, runtime: Runtime
) -> None:
    """Before the first request, and before each that has a new configuration."""
    book.call_soon = asyncio.get_running_loop().call_soon_threadsafe

    async def follow(config: Config) -> None:
        await history.follow(config)
        await costs.follow(config)
        state.follow(config)

    runtime.prepare = follow
    await follow(runtime.snapshot.config)


def _make_listing(runtime: Runtime, paths: Paths) -> Listing:
    return Listing(paths.price_list, updates=lambda: runtime.snapshot.config.server.price_updates)


def _make_writer(
    runtime: Runtime,
    paths: Paths,
    lineage: Lineage,
    pricer: Pricer,
    observe: Callable[[Entry], None],
) -> TraceWriter:
    return TraceWriter(
        paths.trace_db,
        settings=lambda: runtime.snapshot.config.server.trace,
        secrets=runtime.known_secrets,
        read_answer={name: protocol.read_totals for name, protocol in PROTOCOLS.items()},
        lineage=lineage,
        charge=pricer.charge,
        observe=observe,
    )


def _routes(
    context: Context, book: QuotaBook, paths: Paths, observers: Observers, metrics: MetricsEndpoint
) -> list[BaseRoute]:
    routes: list[BaseRoute] = []
    for protocol in PROTOCOLS.values():
        for route in protocol.routes:
            endpoint = Only(("POST",), ProxyEndpoint(context, protocol, route))
            routes += [Route(path, endpoint) for path in route.paths]
    models = Only(_READING, ModelsEndpoint(context))
    for prefix in ("/anthropic/v1", "/v1"):
        routes.append(Route(f"{prefix}/models", models))
        routes.append(Route(f"{prefix}/models/{{model:path}}", models))
    routes.append(Route("/health", Only(_READING, HealthEndpoint(context))))
    routes.append(Route(TOKENS_PATH, Only(("POST",), Admin(context, TokensEndpoint(context)))))
    routes.append(Route(ROUTING_PATH, Only(_READING, Admin(context, RoutingEndpoint(context)))))
    session = SessionEndpoint(context, book, paths.trace_db)
    routes.append(Route(SESSION_ROUTE, Only(_READING, Admin(context, session))))
    routes.append(Route(LIVE_PATH, Only(("GET",), Admin(context, LiveEndpoint(observers.feed)))))
    routes.append(Route("/metrics", Only(_READING, metrics)))
    welcome = Only(_READING, TextEndpoint(context, _WELCOME))
    # Claude Code greets with HEAD, at the root of its base URL too.
    for path in ("/", "/api/hello", "/anthropic", "/anthropic/", "/anthropic/api/hello"):
        routes.append(Route(path, welcome))
    return routes


def _paths() -> list[str]:
    return [path for p in PROTOCOLS.values() for r in p.routes for path in r.paths] + [
        "/v1/models",
        "/health",
        "/metrics",
    ]
