import json
from typing import Any

from axonhub_cli.jsonio import Envelope, read_envelope
from axonhub_cli.tracing.fingerprint import History
from axonhub_cli.tracing.recorder import RequestRecord
from axonhub_cli.tracing.unread import Unread, has_answer
from tests.tracing.records import record

HELLO = {"role": "assistant", "content": "Hello!"}
PICTURE = {"role": "user", "content": [{"type": "image", "source": {"type": "url"}}]}


def user(words: str) -> dict[str, Any]:
    return {"role": "user", "content": words}


def of(*messages: dict[str, Any]) -> Envelope:
    return read_envelope(json.dumps({"messages": list(messages)}).encode())[0]


class Asked:
    """Requests that have begun one after another, by their names."""

    def __init__(self) -> None:
        self.unread = Unread()
        self.records: dict[str, RequestRecord] = {}

    def begin(self, name: str, *messages: dict[str, Any], **changes: Any) -> None:
        made = record(name, **{"key": "k", "status": "running"} | changes)
        made.at = float(len(self.records))
        self.records[name] = made
        self.unread.add(made, of(*messages))

    def before(self, *messages: dict[str, Any], key: str = "k") -> list[str]:
        found = self.unread.before(key, History(key, of(*messages)))
        return [one.id for one in found]


def test_those_are_found_whose_last_words_were_answered_the_latest_first() -> None:
    asked = Asked()
    asked.begin("r1", user("one"))
    asked.begin("r2", user("two"))
    asked.begin("r3", user("three"))
    asked.begin("r4", user("one"))
    assert asked.before(user("one"), HELLO, user("two"), HELLO, user("three")) == ["r4", "r2", "r1"]
    assert asked.before(user("one"), HELLO, user("two"), key="another") == []
    asked.unread.discard(asked.records["r4"])
    asked.unread.discard(asked.records["r4"])
    assert asked.before(user("one"), HELLO) == ["r1"]


def test_words_are_the_same_in_a_string_and_in_blocks_with_a_mark_or_without() -> None:
    asked = Asked()
    block = {"type": "text", "text": "one", "cache_control": {"type": "ephemeral"}}
    asked.begin("r1", {"role": "user", "content": [block]})
    assert asked.before(user("one"), HELLO, user("two")) == ["r1"]


def test_what_has_no_words_may_be_before_anything() -> None:
    asked = Asked()
    asked.begin("r1", PICTURE)
    assert asked.before(user("one"), HELLO, user("two")) == ["r1"]


def test_one_that_failed_is_before_the_same_request_once_more() -> None:
    asked = Asked()
    same = (user("one"), HELLO, user("two"))
    for name, status in (("r1", "failed"), ("r2", "running"), ("r3", "canceled")):
        asked.begin(name, *same, status=status)
    assert asked.before(*same) == ["r3", "r1"]


def test_an_answer_that_is_begun_for_the_model_is_not_the_last_word() -> None:
    asked = Asked()
    asked.begin("r1", user("one"), {"role": "assistant", "content": "{"})
    assert asked.before(user("one"), HELLO, user("two")) == ["r1"]


def test_a_request_has_an_answer_or_has_none() -> None:
    assert has_answer(of(user("one"), HELLO))
    assert not has_answer(of({"role": "system", "content": "s"}, user("one")))
    assert not has_answer(of())
    assert not has_answer(read_envelope(b'{"model": "m", "input": "hi"}')[0])
