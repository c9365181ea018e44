from axonhub_cli.proxy.noting import note_answer, note_outgoing
from axonhub_cli.tracing.recorder import AttemptRecord, RequestRecord
from tests.proxy.test_outgoing import NAMED, outgoing


def test_an_attempt_keeps_what_was_sent_and_where_it_went() -> None:
    record, attempt = RequestRecord(id="r", at=0.0), AttemptRecord("c", "m", "anthropic")
    record.decision["overrides"] = ["of the attempt before"]
    made = outgoing(NAMED, type_="deepseek")
    note_outgoing(made, record, attempt, NAMED)
    note_answer(made, record)
    assert (attempt.url, attempt.sent_headers) == (made.call.url, made.call.headers)
    assert attempt.sent_body == made.call.body
    assert [loss["path"] for loss in record.losses] == ["metadata.user_id"]
    assert record.decision == {}


def test_the_very_bytes_of_the_client_are_not_kept_twice() -> None:
    record, attempt = RequestRecord(id="r", at=0.0), AttemptRecord("c", "m", "anthropic")
    body = NAMED.replace(b"metadata", b"other")
    made = outgoing(body, type_="anthropic-compatible")
    note_outgoing(made, record, attempt, body)
    assert made.call.body is body
    assert attempt.sent_body is None
