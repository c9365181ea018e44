from pathlib import Path

from axonhub_cli.tracing.exchanges import read_exchange
from tests.tracing.records import attempt, message, record, store, text


def test_both_sides_of_a_request_are_read(tmp_path: Path) -> None:
    answered = [attempt(message(text("pong")))]
    records = [
        record("r1", attempts=answered),
        record("r2", attempts=answered, operation="count_tokens"),
        record("r3", attempts=[], body=None),
    ]
    with store(tmp_path / "traces.db", records) as reader:
        whole, count, nothing = (read_exchange(reader, reader.request(f"r{n}")) for n in (1, 2, 3))
    assert (whole.asked.news.texts, whole.said.text) == (("say pong",), "pong")
    assert (count.asked.side, count.said.text) == ("count_tokens", "")
    assert (nothing.asked.readable, nothing.said.text) == (False, "")
