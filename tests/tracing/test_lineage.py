import asyncio
import json
import threading
from typing import Any

from axonhub_cli.jsonio import read_envelope
from axonhub_cli.protocols import PROTOCOLS
from axonhub_cli.tracing.lineage import Lineage
from axonhub_cli.tracing.recorder import RequestRecord
from tests.support import chat_plays, plays
from tests.tracing.records import attempt, message, record, text

HI = {"role": "user", "content": "hi"}
HELLO = {"role": "assistant", "content": "Hello!"}
MORE = {"role": "user", "content": "and now?"}


def user(words: str) -> dict[str, Any]:
    return {"role": "user", "content": words}


def assistant(words: str) -> dict[str, Any]:
    return {"role": "assistant", "content": words}


def request(trace: str, *messages: dict[str, Any], **changes: Any) -> RequestRecord:
    """A request that names no session, answered by `Hello!`."""
    body = json.dumps({"model": "m", "messages": list(messages)}).encode()
    fields: dict[str, Any] = {
        "trace_id": trace,
        "linked": True,
        "body": body,
        "envelope": read_envelope(body)[0],
        "attempts": [attempt(message(text("Hello!")))],
    }
    return record(f"req-{trace}", **fields | changes)


def lineage(most: int = 100) -> Lineage:
    return Lineage(PROTOCOLS, most)


def find(known: Lineage, *messages: dict[str, Any], **changes: Any) -> str | None:
    return asyncio.run(known.find(request("new", *messages, **changes)))


def test_a_request_joins_the_trace_of_the_answer_it_contains() -> None:
    known = lineage()
    assert known.learn(request("t1", HI)) != ()
    assert find(known, HI, HELLO, MORE) == "t1"
    assert find(known, HI) is None
    assert find(known, MORE, HELLO, HI) is None
    assert find(known, HI, HELLO, MORE, key="somebody else") is None


def test_of_conversations_that_began_alike_each_continuation_takes_one() -> None:
    known = lineage()
    for trace in ("t1", "t2"):
        known.learn(request(trace, HI))
    assert [find(known, HI, HELLO, MORE) for _ in range(3)] == ["t2", "t1", "t1"]
    known.learn(request("t3", HI))
    assert find(known, HI, HELLO, MORE) == "t3"


def test_one_that_nobody_went_on_from_is_not_taken_for_a_later_one() -> None:
    known = lineage()
    known.learn(request("asked once", HI))
    known.begun(request("t2", HI))
    assert find(known, HI, HELLO, MORE) == "t2"


def test_one_that_goes_on_is_not_taken_for_a_later_one_that_begins_alike() -> None:
    known = lineage()
    known.learn(request("t1", HI))
    assert find(known, HI, HELLO, MORE) == "t1"
    known.learn(request("t2", HI))
    assert find(known, HI, HELLO, MORE) == "t2"


def test_an_answer_that_the_writer_has_not_come_to_is_read_by_the_next_turn() -> None:
    known = lineage()
    known.begun(request("t1", HI))
    assert find(known, HI, HELLO, MORE) == "t1"


def test_large_answers_are_read_beside_the_loop_and_each_is_read_once() -> None:
    known = lineage()
    words = "a long answer " * 4000
    earlier = request("t1", HI, attempts=[attempt(message(text(words)))])
    known.begun(earlier)
    assert find(known, HI, {"role": "assistant", "content": words}, HI) == "t1"
    keys = earlier.answer_keys
    assert keys
    assert known.learn(earlier) is keys


def test_of_two_that_began_alike_the_unread_one_is_read_before_the_other_is_taken() -> None:
    known = lineage()
    known.learn(request("t1", HI))
    assert find(known, HI, HELLO, MORE) == "t1"
    known.begun(request("t2", HI))
    assert find(known, HI, HELLO, user("and B?")) == "t2"


def test_calls_that_every_session_has_do_not_mix_them_either() -> None:
    call = {"type": "tool_use", "id": "toolu_scripted_01", "name": "ls", "input": {}}
    called = {"role": "assistant", "content": [call]}
    known = lineage()
    known.learn(request("t1", HI, attempts=[attempt(message(call))]))
    assert find(known, HI, called, MORE) == "t1"
    known.begun(request("t2", HI, attempts=[attempt(message(call))]))
    assert find(known, HI, called, user("and B?")) == "t2"


def test_conversations_alike_are_told_apart_by_program_and_place_and_line() -> None:
    ways: list[dict[str, Any]] = [
        {"user_agent": "a/1", "peer": ("10.0.0.1", 4001)},
        {"user_agent": "a/1", "peer": ("10.0.0.1", 4002)},
        {"user_agent": "a/1", "peer": ("10.0.0.2", 4001)},
        {"user_agent": "b/1", "peer": ("10.0.0.1", 4001)},
    ]
    known = lineage()
    for number, way in enumerate(ways):
        known.begun(request(f"t{number}", HI, **way))
    found = [find(known, HI, HELLO, user(str(n)), **way) for n, way in enumerate(ways)]
    assert found == ["t0", "t1", "t2", "t3"]


def test_the_answers_of_anothers_key_are_left_to_the_writer() -> None:
    known = lineage()
    anothers = request("t1", HI, key="somebody else")
    known.begun(anothers)
    assert find(known, HI, HELLO, MORE) is None
    assert anothers.answer_keys is None


def test_what_answers_other_words_is_left_to_the_writer() -> None:
    known = lineage()
    same, other, newer = request("t1", HI), request("t2", user("else")), request("t3", MORE)
    for earlier in (same, other, newer):
        known.begun(earlier)
    # Its own last words come after the answer, so nothing that it repeats answers those.
    assert find(known, HI, HELLO, MORE) == "t1"
    assert same.answer_keys
    assert (other.answer_keys, newer.answer_keys) == (None, None)
    assert find(known, user("else"), HELLO, MORE) == "t2"


def test_whatever_says_no_words_before_its_answer_is_read() -> None:
    picture = {"role": "user", "content": [{"type": "image", "source": {"type": "url"}}]}
    known = lineage()
    known.begun(request("t1", picture))
    assert find(known, picture, HELLO, MORE) == "t1"


def test_a_request_without_an_answer_waits_for_nothing() -> None:
    known = lineage()
    earlier = request("t1", HI)
    known.begun(earlier)
    assert find(known, {"role": "system", "content": "s"}, HI) is None
    assert earlier.answer_keys is None


def test_a_conversation_cut_short_at_its_beginning_goes_on_at_once() -> None:
    turns = [user("q0"), assistant("a0"), user("q1"), assistant("a1"), user("q2")]
    known = lineage()
    known.begun(request("t1", *turns, attempts=[attempt(message(text("a2")))]))
    assert find(known, *turns[2:], assistant("a2"), MORE) == "t1"


def test_one_prompt_and_answer_alone_do_not_tell_which_of_two_conversations_it_was() -> None:
    known = lineage()
    for trace in ("t1", "t2"):
        known.learn(request(trace, user(trace), assistant("so"), HI))
    assert find(known, HI, HELLO, MORE) is None
    assert find(known, user("t2"), assistant("so"), HI, HELLO, MORE) == "t2"
    # The other is the only one that may go on.
    assert find(known, HI, HELLO, user("what else?")) == "t1"


def test_two_prompts_and_answers_tell_which_conversation_was_cut_short() -> None:
    known = lineage()
    for trace, first in (("t1", "one"), ("t2", "two")):
        turns = [user(trace), assistant("so"), user(first), HELLO, HI]
        known.learn(request(trace, *turns[:3]))
        known.learn(request(trace, *turns))
    assert find(known, user("one"), HELLO, HI, HELLO, MORE) == "t1"
    assert find(known, user("two"), HELLO, HI, HELLO, MORE) == "t2"


def test_conversations_cut_short_that_are_alike_stay_apart() -> None:
    known = lineage()
    taken = []
    for trace in ("t1", "t2"):
        turns: list[dict[str, Any]] = []
        for number in range(5):
            turns = [*turns[-4:], user(f"q{number}")]
            asked = request(trace, *turns, id=f"{trace}-{number}")
            if number:
                taken.append(asyncio.run(known.find(asked)))
            known.begun(asked)
            turns.append(HELLO)
    assert taken == ["t1"] * 4 + ["t2"] * 4


def test_an_answer_that_is_sent_back_to_be_gone_on_with_is_known() -> None:
    known = lineage()
    known.begun(request("t1", HI))
    assert find(known, HI, HELLO) == "t1"


def test_answers_that_a_client_made_up_may_come_after_ours() -> None:
    known = lineage()
    known.learn(request("t1", HI))
    files = [part for n in range(5) for part in (user(f"file {n}"), assistant("Ok."))]
    assert find(known, HI, HELLO, *files, MORE) == "t1"
    others = [part for n in range(40) for part in (user(f"q{n}"), assistant(f"a{n}"))]
    assert find(known, HI, HELLO, *others, MORE) is None


def test_a_request_that_failed_and_is_sent_again_is_in_the_same_trace() -> None:
    known = lineage()
    for trace in ("t1", "t2"):
        known.learn(request(trace, HI))
    failed = request("first try", HI, HELLO, user("A"), attempts=[], status="running")
    taken = asyncio.run(known.find(failed))
    failed.trace_id = taken
    known.begun(failed)
    failed.status = "failed"
    assert find(known, HI, HELLO, user("A")) == taken
    assert find(known, HI, HELLO, user("B")) in {"t1", "t2"} - {taken}


def test_while_one_may_be_sent_again_another_takes_another() -> None:
    known = lineage()
    for trace in ("t1", "t2"):
        known.learn(request(trace, HI))
    canceled = request("first try", HI, HELLO, user("A"), attempts=[], status="canceled")
    taken = asyncio.run(known.find(canceled))
    known.learn(canceled)
    assert find(known, HI, HELLO, user("B")) in {"t1", "t2"} - {taken}
    assert find(known, HI, HELLO, user("A")) == taken


def test_after_a_turn_that_got_no_answer_more_may_be_said_in_its_trace() -> None:
    known = lineage()
    for trace in ("t1", "t2"):
        known.learn(request(trace, HI))
    canceled = request("first try", HI, HELLO, user("A"), attempts=[], status="canceled")
    taken = asyncio.run(known.find(canceled))
    known.learn(canceled)
    assert find(known, HI, HELLO, user("A"), user("no, wait")) == taken
    assert find(known, HI, HELLO, user("B")) in {"t1", "t2"} - {taken}


def test_counting_tokens_takes_nobodys_place() -> None:
    known = lineage()
    for trace in ("t1", "t2"):
        known.learn(request(trace, HI))
    counted = [find(known, HI, HELLO, user("A"), operation="count_tokens") for _ in range(2)]
    begun = find(known, HI, HELLO, user("A"))
    assert counted == [begun, begun]
    other = find(known, HI, HELLO, user("B"))
    assert {begun, other} == {"t1", "t2"}
    assert find(known, HI, HELLO, user("A"), operation="count_tokens") == begun


def test_of_conversations_that_say_the_same_by_now_an_earlier_answer_tells_which_it_is() -> None:
    known = lineage()
    turns = {t: [HI, HELLO, user(t), assistant(f"of {t}"), user("go on")] for t in ("t1", "t2")}
    for trace, history in turns.items():
        known.learn(request(trace, *history[:3], attempts=[attempt(message(text(f"of {trace}")))]))
        known.learn(request(trace, *history, attempts=[attempt(message(text("Done.")))]))
    for trace in ("t1", "t2", "t1"):
        assert find(known, *turns[trace], assistant("Done."), MORE) == trace


def test_a_turn_whose_answer_came_back_changed_goes_on_where_that_turn_was() -> None:
    known = lineage()
    for trace in ("t1", "t2"):
        known.learn(request(trace, HI))
    begun = find(known, HI, HELLO, user("A"))
    changed = [HI, HELLO, user("A"), assistant("what was said, in short")]
    assert find(known, *changed, MORE) == begun
    assert find(known, *changed, MORE, assistant("again in short"), MORE) == begun


def test_a_stream_whose_last_event_has_gone_out_counts_before_its_request_is_over() -> None:
    stream = b"".join(plays.as_events(plays.text("Hello!")))
    running = attempt(stream, status="running", first_event_ms=3.0)
    known = lineage()
    known.begun(request("t1", HI, attempts=[running], status="running"))
    assert find(known, HI, HELLO, MORE) == "t1"
    cut = attempt(stream[:-80], status="running")
    other = lineage()
    other.begun(request("t1", HI, attempts=[cut], status="running"))
    other.begun(request("t2", HI, attempts=[], status="running"))
    assert find(other, HI, HELLO, MORE) is None


def test_an_attempt_that_failed_is_not_taken_for_the_answer_that_follows_it() -> None:
    broken = attempt(b'event: error\ndata: {"type": "error"}\n\n', status="failed")
    late = request("t1", HI, attempts=[broken], status="running")
    known = lineage()
    known.begun(late)
    assert find(known, HI, HELLO, MORE) is None
    broken.status = "running"
    assert find(known, HI, HELLO, MORE) is None
    late.attempts.append(attempt(message(text("Hello!"))))
    assert find(known, HI, HELLO, MORE) == "t1"


def test_what_the_client_got_counts_not_what_the_upstream_sent() -> None:
    got = b"".join(chat_plays.as_chunks("Hello!"))
    sent = attempt(message(text("<think>hm</think>Hello!")), delivered=[got[:90], got[90:]])
    known = lineage()
    known.learn(request("t1", HI, attempts=[sent], protocol="openai_chat"))
    assert find(known, HI, HELLO, MORE) == "t1"


def test_answers_of_named_sessions_and_of_token_counts_are_not_remembered() -> None:
    known = lineage()
    assert known.learn(request("t1", HI, linked=False)) == ()
    assert known.learn(request("t1", HI, operation="count_tokens")) == ()
    assert known.learn(request("t1", HI, attempts=[])) == ()
    assert known.learn(request("t1", HI, attempts=[attempt(b"")])) == ()
    assert find(known, HI, HELLO, MORE) is None


def test_the_oldest_answers_are_forgotten_first() -> None:
    known = lineage(most=2)
    for trace in ("t1", "t2", "t3"):
        known.learn(request(trace, {"role": "user", "content": trace}))
    first, last = ({"role": "user", "content": name} for name in ("t1", "t3"))
    assert find(known, first, HELLO, MORE) is None
    assert find(known, last, HELLO, MORE) == "t3"


def test_a_hundred_that_begin_alike_are_bounded() -> None:
    known = lineage()
    for number in range(100):
        known.learn(request(f"t{number}", HI))
    found = [find(known, HI, HELLO, MORE) for _ in range(65)]
    assert found == [*(f"t{number}" for number in range(99, 35, -1)), "t36"]


def test_what_was_known_before_a_restart_is_waited_for() -> None:
    known, before = lineage(), lineage()
    keys = before.learn(request("t1", HI))
    known.restoring()
    restore = threading.Timer(0.02, lambda: known.restore([(keys, "t1")]))
    restore.start()
    try:
        assert find(known, HI, HELLO, MORE) == "t1"
    finally:
        restore.join()


def test_after_a_restart_a_conversation_goes_on_from_its_last_answer() -> None:
    known, before = lineage(), lineage()
    answers = [
        (before.learn(request("t1", HI)), "t1"),
        (before.learn(request("t2", HI)), "t2"),
        (before.learn(request("t2", HI, HELLO, MORE)), "t2"),
    ]
    known.restore(answers)
    assert find(known, HI, HELLO, user("of t1")) == "t1"
    assert find(known, HI, HELLO, MORE, HELLO, MORE) == "t2"


def test_what_is_learned_while_the_old_is_restored_is_the_newer() -> None:
    known, before = lineage(), lineage()
    keys = before.learn(request("old", HI))
    known.learn(request("new", HI))
    known.restore([(keys, "old")])
    assert [find(known, HI, HELLO, user(word)) for word in "AB"] == ["new", "old"]
