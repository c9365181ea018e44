import json

from tests.cli.conftest import OTHER, SESSION
from tests.support import chat_plays
from tests.support.daemon import Daemon
from tests.support.home import KEY, TOKEN, Home, channel
from tests.support.plays import default_answer
from tests.support.upstream import Upstream


def failed_over(home: Home) -> str:
    return str(home.json("request", "list", "--trace", SESSION)[-1]["id"])


def test_each_attempt_tells_what_was_changed(recorded: Home) -> None:
    shown = recorded.axonhub("request", "show", failed_over(recorded), "--diff").stdout
    assert "attempt 1, channel first: relayed, anthropic" in shown
    assert "body: the very bytes that the client sent" in shown
    assert "~ model: claude-x → y-1" in shown
    assert "renamed by a mapping of the channel" in shown
    assert "+ headers added: " in shown
    assert "x-api-key" in shown
    assert TOKEN not in shown


def test_as_json_there_is_an_object_for_each_attempt(recorded: Home) -> None:
    first, second = recorded.json("request", "show", failed_over(recorded), "--diff")
    assert (first["same"], first["changes"]) == (True, [])
    assert [change["path"] for change in second["changes"]] == ["model"]
    assert "authorization" in second["headers"]["removed"]
    assert KEY not in json.dumps([first, second])


def test_a_conversion_is_summed_up_with_its_losses(home: Home) -> None:
    upstream = Upstream(chat_plays.default_answer)
    upstream.start()
    kind = {"type": "openai-compatible", "models": ["gpt-x"]}
    home.configure(channel(upstream.url, **kind), mappings={"claude-.*": "gpt-x"})
    daemon = Daemon(home).start()
    try:
        body = {"model": "claude-x", "top_k": 4, "messages": [{"role": "user", "content": "hi"}]}
        context = f"00-{'a' * 32}-{'b' * 16}-01"
        sent = json.dumps(body).encode()
        _, headers, _ = daemon.post(sent, traceparent=context, x_other="kept back")
        _, invalid, _ = daemon.post(sent, traceparent=f"ff{context[2:]}", baggage="user=me")
    finally:
        daemon.stop()
        upstream.stop()
    first, second = upstream.generations
    assert (first.header("traceparent"), first.header("x-other")) == (context, None)
    assert (second.header("traceparent"), second.header("baggage")) == (None, None)
    shown = home.axonhub("request", "show", invalid["ah-request-id"], "--diff").stdout
    assert "traceparent: invalid, or telemetry.propagate is off" in shown
    assert "baggage: what systems tell each other of users stays here" in shown
    shown = home.axonhub("request", "show", headers["ah-request-id"], "--diff").stdout
    assert "converted, anthropic → openai_chat" in shown
    assert "~ model: claude-x → gpt-x" in shown
    assert "lost: top_k" in shown


def test_a_body_that_had_to_be_repaired_is_shown_as_it_came(home: Home) -> None:
    upstream = Upstream(default_answer)
    upstream.start()
    home.configure(channel(upstream.url))
    daemon = Daemon(home).start()
    long = {"role": "user", "content": "long " * 900}
    half = json.dumps(
        {
            "model": "claude-x",
            "max_tokens": 9,
            "messages": [long, {"role": "user", "content": "half \ud83d"}],
        }
    ).encode()
    try:
        daemon.post(half)
    finally:
        daemon.stop()
        upstream.stop()
    (seen,) = upstream.generations
    assert json.loads(seen.body)["messages"][1]["content"] == "half \ufffd"
    name = home.json("request", "list")[0]["id"]
    assert home.axonhub("request", "show", name, "--body").stdout == half.decode()
    shown = home.axonhub("request", "show", name, "--diff").stdout
    assert r"~ messages.1.content: half \ud83d → half \ufffd" in shown.replace("\ufffd", r"\ufffd")
    assert "unpaired surrogate replaced" in shown


def test_two_views_exclude_each_other(recorded: Home) -> None:
    done = recorded.axonhub("request", "show", OTHER, "--diff", "--body", check=False)
    assert (done.returncode, "exclude each other" in done.stderr) == (2, True)
