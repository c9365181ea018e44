from axonhub_cli.config.rules import check_reference
from axonhub_cli.config.rules_telemetry import telemetry_faults
from axonhub_cli.config.schema import Telemetry


def faults(endpoint: str | None = None, **headers: str) -> list[str]:
    found = telemetry_faults(Telemetry(endpoint, headers), check_reference)
    return [f"{where}: {what}" for where, what in found]


def test_an_endpoint_is_a_url_without_a_secret() -> None:
    assert faults() == []
    assert faults("http://localhost:4318") == []
    assert faults("https://otel.example/otlp") == []
    for wrong in ("localhost:4318", "http://user:secret@host", "http://h/?key=x"):
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
