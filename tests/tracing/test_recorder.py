from axonhub_cli.tracing.recorder import AttemptRecord, Queue, Recorder, RequestRecord, Stage


class Listed(Queue):
    def __init__(self) -> None:
        self.items: list[tuple[RequestRecord, Stage]] = []

    def put(self, record: RequestRecord, stage: Stage) -> None:
        self.items.append((record, stage))


def test_a_record_is_handed_over_when_its_request_begins_and_when_it_ends() -> None:
    queue = Listed()
    recorder = Recorder(queue)
    record = RequestRecord(id="r1", at=1.0)
    recorder.started(record)
    recorder.finished(record)
    assert queue.items == [(record, "started"), (record, "finished")]


def test_records_show_neither_headers_nor_bodies_when_printed() -> None:
    record = RequestRecord(
        id="r1", at=1.0, headers=[(b"authorization", b"Bearer hidden")], body=b"hidden"
    )
    attempt = AttemptRecord("main", "m", "anthropic", sent_body=b"hidden", answer=[b"hidden"])
    assert "hidden" not in repr(record) + repr(attempt)


def test_two_records_share_no_lists() -> None:
    assert RequestRecord(id="a", at=0.0).attempts is not RequestRecord(id="b", at=0.0).attempts
