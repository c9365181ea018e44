from axonhub_cli.config.rules import check_duration, check_reference
from axonhub_cli.config.rules_telemetry import telemetry_faults
from axonhub_cli.config.schema import Telemetry


def found(telemetry: Telemetry) -> list[str]:
    told = telemetry_faults(telemetry, check_reference, check_duration)
    return [f"{where}: {what}" for where, what in told]


def faults(endpoint: str | None = None, **headers: str) -> list[str]:
    return found(Telemetry(endpoint, headers))


def test_an_endpoint_is_a_url_without_a_secret() -> None:
    assert faults() == []
    assert faults("http://localhost:4318") == []
    assert faults("https://otel.example/otlp") == []
    for wrong in (
        "localhost:4318",
        "http://user:secret@host",
        "http://h/?key=x",
        "http://h:99999",
        "http://[::1",
    ):
        (fault,) = faults(wrong)
        assert fault.startswith("telemetry.otlp_endpoint: ")
        assert "secret" not in fault


def test_a_header_is_a_reference_and_never_the_value() -> None:
    assert faults(authorization="env:OTLP_KEY") == []
    (fault,) = faults(authorization="Bearer abcdef")
    assert "not a reference to a secret" in fault
    assert "abcdef" not in fault
    (fault,) = faults(**{"a b": "env:X"})
    assert "not the name of a header" in fault


def test_each_signals_own_address_obeys_the_same_rule() -> None:
    good = "https://otel.example/v1/in"
    assert found(Telemetry(traces_endpoint=good, metrics_endpoint=good)) == []
    (first, second) = found(Telemetry(traces_endpoint="x", metrics_endpoint="http://u:p@h"))
    assert first.startswith("telemetry.traces_endpoint: ")
    assert second.startswith("telemetry.metrics_endpoint: ") and "u:p" not in second


def test_names_times_and_files_make_sense() -> None:
    assert found(Telemetry(service_name="mine", timeout="5s", ca_file="/etc/ca.pem")) == []
    wrong = Telemetry(service_name=" ", timeout="5", ca_file="ca.pem")
    places = [fault.partition(":")[0] for fault in found(wrong)]
    assert places == ["telemetry.service_name", "telemetry.timeout", "telemetry.ca_file"]
