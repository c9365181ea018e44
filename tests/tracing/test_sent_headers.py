from axonhub_cli.tracing.sent_headers import compare_headers
from tests.tracing.records import attempt, record


def test_names_are_compared_and_values_never_told() -> None:
    sent = attempt(sent_headers=[(b"x-api-key", b"secret"), (b"user-agent", b"b"), (b"same", b"1")])
    made = record(
        "r1",
        headers=[(b"User-Agent", b"a"), (b"cookie", b"c"), (b"same", b"1")],
        attempts=[attempt(), sent],
    )
    found = compare_headers(made)
    assert found == [
        {},
        {"added": ["x-api-key"], "removed": ["cookie"], "changed": ["user-agent"]},
    ]
    assert "secret" not in str(found)
