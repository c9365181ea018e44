import json

from axonhub_cli import __version__
from axonhub_cli.tracing.otlp_json import (
    SCHEMA_URL,
    encode_metrics,
    encode_span,
    encode_spans,
    write_attributes,
)


def test_attributes_are_written_by_their_kind() -> None:
    told = {"a": True, "b": 2**53 + 1, "c": 0.5, "d": ["x", 1], "e": "text", "f": None}
    assert write_attributes(told) == [
        {"key": "a", "value": {"boolValue": True}},
        {"key": "b", "value": {"intValue": "9007199254740993"}},
        {"key": "c", "value": {"doubleValue": 0.5}},
        {
            "key": "d",
            "value": {"arrayValue": {"values": [{"stringValue": "x"}, {"intValue": "1"}]}},
        },
        {"key": "e", "value": {"stringValue": "text"}},
    ]


def test_spans_and_metrics_stand_in_one_resource_and_one_scope() -> None:
    resource = {"service.name": "axonhub"}
    (told,) = json.loads(encode_spans([encode_span({"name": "a"})], resource))["resourceSpans"]
    assert told["resource"]["attributes"][0]["key"] == "service.name"
    (scoped,) = told["scopeSpans"]
    assert scoped["scope"] == {"name": "axonhub", "version": __version__}
    assert (told["schemaUrl"], scoped["schemaUrl"]) == (SCHEMA_URL, SCHEMA_URL)
    assert scoped["spans"] == [{"name": "a"}]
    (told,) = json.loads(encode_metrics([{"name": "m"}], resource))["resourceMetrics"]
    assert told["scopeMetrics"][0]["metrics"] == [{"name": "m"}]
