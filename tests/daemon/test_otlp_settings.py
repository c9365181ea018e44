"""Where telemetry goes, by the configuration and by OpenTelemetry's variables."""

from __future__ import annotations

from typing import Any

import pytest

from axonhub_cli import __version__
from axonhub_cli.config.schema import Telemetry
from axonhub_cli.daemon.otlp_settings import Destination, Export, settle

URL = "http://localhost:4318"


def settled(environ: dict[str, str] | None = None, **settings: Any) -> Export:
    found = settle(Telemetry(**({"otlp_endpoint": URL} | settings)), environ or {}, "run-1")
    assert found is not None
    return found


def traces(environ: dict[str, str] | None = None, **settings: Any) -> Destination:
    found = settled(environ, **settings).traces
    assert found is not None
    return found


def test_variables_alone_begin_no_export() -> None:
    environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": URL, "OTEL_TRACES_EXPORTER": "otlp"}
    assert settle(Telemetry(), environ, "run-1") is None
    assert settle(Telemetry(URL, signals=()), environ, "run-1") is None


def test_each_signal_has_its_address() -> None:
    export = settled(otlp_endpoint=URL + "/otlp/", metrics_endpoint="https://m.example/in")
    assert export.traces is not None and export.metrics is not None
    assert export.traces.url == URL + "/otlp/v1/traces"
    assert export.metrics.url == "https://m.example/in"
    only = settled(otlp_endpoint=None, traces_endpoint="https://t.example/in")
    assert (only.traces is not None, only.metrics) == (True, None)
    assert settled(signals=("metrics",)).traces is None


def test_what_is_configured_comes_before_the_variables() -> None:
    environ = {
        "OTEL_EXPORTER_OTLP_TIMEOUT": "3000",
        "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
        "OTEL_EXPORTER_OTLP_CERTIFICATE": "/etc/ca.pem",
        "OTEL_EXPORTER_OTLP_HEADERS": "X-Key=a%20b,x-other=c,nonsense",
        "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT": "1500",
    }
    by_variables = traces(environ)
    assert (by_variables.timeout, by_variables.gzip) == (1.5, True)
    assert by_variables.ca_file == "/etc/ca.pem"
    assert by_variables.given == {"X-Key": "a b", "x-other": "c"}
    metrics = settled(environ).metrics
    assert metrics is not None and metrics.timeout == 3.0
    own = traces(
        environ,
        timeout="20s",
        compression="none",
        ca_file="/own.pem",
        otlp_headers={"x-key": "env:KEY"},
    )
    assert (own.timeout, own.gzip, own.ca_file) == (20.0, False, "/own.pem")
    assert (own.headers, own.given) == ({"x-key": "env:KEY"}, {"x-other": "c"})


@pytest.mark.parametrize(
    ("elsewhere", "ours"),
    [
        ("http://localhost:4318", True),
        ("http://localhost:4318/base", True),
        ("http://localhost:4317", False),
        ("https://otel.example", False),
        ("http://[::1", False),
    ],
)
def test_another_collectors_credentials_stay_with_it(elsewhere: str, ours: bool) -> None:
    environ = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": elsewhere,
        "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20hidden",
    }
    found = traces(environ)
    assert bool(found.given) is ours
    assert "hidden" not in repr(found)


def test_a_variable_that_makes_no_sense_is_as_good_as_none() -> None:
    for timeout in ("", "0", "soon", "-5"):
        assert traces({"OTEL_EXPORTER_OTLP_TIMEOUT": timeout}).timeout == 10.0
    assert traces({"OTEL_EXPORTER_OTLP_COMPRESSION": "zstd"}).gzip is False


def test_the_service_is_named_by_the_configuration_then_by_the_variables() -> None:
    environ = {"OTEL_RESOURCE_ATTRIBUTES": "service.name=from-list,deployment=a%2Cb,x"}
    assert settled().resource == {
        "service.name": "axonhub",
        "service.version": __version__,
        "service.instance.id": "run-1",
    }
    listed = settled(environ).resource
    assert (listed["service.name"], listed["deployment"]) == ("from-list", "a,b")
    named = environ | {"OTEL_SERVICE_NAME": "by-name"}
    assert settled(named).resource["service.name"] == "by-name"
    own = settled(named, service_name="mine", resource={"deployment": "here"}).resource
    assert (own["service.name"], own["deployment"]) == ("mine", "here")


def test_the_environments_proxies_are_on_the_way() -> None:
    environ = {"HTTPS_PROXY": "http://proxy.example:3128", "NO_PROXY": "near.example"}
    assert traces(environ, otlp_endpoint="https://far.example").proxy == environ["HTTPS_PROXY"]
    assert traces(environ, otlp_endpoint="https://near.example").proxy is None
    assert traces(environ, otlp_endpoint="https://localhost:4318").proxy is None
