from axonhub_cli.proxy.noting import note_answer, note_outgoing
from axonhub_cli.tracing.recorder import AttemptRecord, RequestRecord
from tests.proxy.test_outgoing import NAMED, outgoing


def test_an_attempt_keeps_what_was_sent_and_where_it_went() -> None:
    record, attempt = RequestRecord(id="r", at=0.0), AttemptRecord("c", "m", "anthropic")
    record.decision["overrides"] = ["of the attempt before"]
    made = outgoing(NAMED, type_="deepseek")
    note_outgoing(made, record, attempt)
    note_answer(made, record)
    assert (attempt.url, attempt.sent_headers) == (made.call.url, made.call.headers)
    assert attempt.sent_body == made.call.body
    assert [loss["path"] for loss in record.losses] == ["metadata.user_id"]
    assert record.decision == {}


def test_the_very_bytes_of_the_client_are_not_kept_twice() -> None:
    record, attempt = RequestRecord(id="r", at=0.0), AttemptRecord("c", "m", "anthropic")
    record.body = NAMED.replace(b"metadata", b"other")
    made = outgoing(record.body, type_="anthropic-compatible")
    note_outgoing(made, record, attempt)
    assert made.call.body is record.body
    assert attempt.sent_body is None


def test_a_body_that_had_to_be_repaired_is_kept_beside_the_one_that_came() -> None:
    record, attempt = RequestRecord(id="r", at=0.0), AttemptRecord("c", "m", "anthropic")
    record.body = b'{"model":"m","messages":[{"role":"user","content":"\\ud83d"}]}'
    note_outgoing(outgoing(record.body, type_="anthropic-compatible"), record, attempt)
    assert attempt.sent_body == record.body.replace(rb"\ud83d", rb"\ufffd")
