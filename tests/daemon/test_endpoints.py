"""The daemon's routes as clients call them: answers, refusals and their shapes."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import zstandard

from tests.support.daemon import Daemon
from tests.support.home import KEY, Home, channel
from tests.support.upstream import PATIENCE, Upstream

BODY = b'{"model":"claude-sonnet-4-5","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}'


def ask(
    daemon: Daemon, method: str, path: str, body: bytes | None = None, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=15)
    try:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def error_of(answer: bytes) -> tuple[str, str]:
    found = json.loads(answer)
    assert found["type"] == "error"
    return found["error"]["type"], found["error"]["message"]


@contextmanager
def configured(home: Home, *channels: dict[str, object], **more: object) -> Iterator[Daemon]:
    home.configure(*channels, **more)  # type: ignore[arg-type]
    daemon = Daemon(home).start()
    try:
        yield daemon
    finally:
        daemon.stop()


@pytest.mark.parametrize("path", ["/v1/messages", "/anthropic/v1/messages"])
@pytest.mark.parametrize("query", ["", "?beta=true"])
def test_messages_are_served_with_and_without_the_prefix(
    daemon: Daemon, upstream: Upstream, path: str, query: str
) -> None:
    assert daemon.post(BODY, path + query)[0] == 200
    assert upstream.requests[0].target == "/v1/messages" + query


@pytest.mark.parametrize("prefix", ["/v1", "/anthropic/v1"])
def test_count_tokens_is_relayed(daemon: Daemon, upstream: Upstream, prefix: str) -> None:
    status, _, answer = daemon.post(BODY, f"{prefix}/messages/count_tokens?beta=true")
    assert (status, json.loads(answer)) == (200, {"input_tokens": 42})
    assert upstream.requests[0].target == "/v1/messages/count_tokens?beta=true"


@pytest.mark.parametrize("method", ["HEAD", "GET"])
@pytest.mark.parametrize("path", ["/", "/api/hello", "/anthropic/api/hello", "/health"])
def test_greetings_need_no_key(daemon: Daemon, method: str, path: str) -> None:
    assert ask(daemon, method, path)[0] == 200


def test_health_says_who_it_is(daemon: Daemon) -> None:
    found = json.loads(ask(daemon, "GET", "/health")[2])
    assert (found["status"], found["name"]) == ("healthy", "axonhub")
    assert "proof" not in found
    assert "config_error" not in found


def test_a_request_that_was_refused_is_recorded_with_the_status_it_got(daemon: Daemon) -> None:
    assert daemon.post(b'{"model":"gpt-9"}')[0] == 404
    daemon.stop()
    (request,) = daemon.home.json("request", "list")
    assert (request["status"], request["http_status"]) == ("failed", 404)
    assert request["total_ms"] >= 0


def test_times_count_from_the_head_of_a_request(daemon: Daemon) -> None:
    """As the client's do, however long it takes to send the rest."""
    head = f"POST /v1/messages HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {KEY}\r\n"
    head += f"content-length: {len(BODY)}\r\nexpect: 100-continue\r\nconnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", daemon.port), PATIENCE) as client:
        client.sendall(head.encode())
        assert b"100" in client.recv(100)
        begun = time.monotonic()
        time.sleep(0.05)
        waited = time.monotonic() - begun
        client.sendall(BODY)
        with client.makefile("rb") as answer:
            assert b" 200 " in answer.read()
    daemon.stop()
    (request,) = daemon.home.json("request", "list")
    assert request["total_ms"] >= waited * 1000
    found = daemon.home.json("request", "show", request["id"])
    assert found["attempts"][0]["ms"] <= request["total_ms"] - waited * 1000


def test_the_status_of_a_daemon_says_that_no_traces_can_be_written(
    home: Home, upstream: Upstream
) -> None:
    home.paths.data_dir.parent.mkdir(parents=True, exist_ok=True)
    home.paths.data_dir.write_text("a file, not a folder")
    with configured(home, channel(upstream.url)) as daemon:
        assert daemon.post(BODY)[0] == 200
        # The writer's thread tries to open the file after the daemon is ready.
        deadline = time.monotonic() + PATIENCE
        while not (found := home.json("status"))["traces_error"]:
            assert time.monotonic() < deadline
        assert (found["traces"]["lost"], found["traces"]["redact_error"]) == (0, None)


def test_an_unknown_path_is_a_404_that_names_the_known_ones(daemon: Daemon) -> None:
    status, _, answer = ask(daemon, "POST", "/v2/nothing", b"{}")
    assert status == 404
    kind, message = error_of(answer)
    assert kind == "not_found_error"
    assert "/v1/messages" in message


@pytest.mark.parametrize("path", ["/v1/embeddings", "/v1/nope", "/chat/completions"])
def test_an_unknown_path_of_openais_is_a_404_in_openais_shape(daemon: Daemon, path: str) -> None:
    status, headers, answer = ask(daemon, "POST", path, b"{}", authorization=f"Bearer {KEY}")
    found = json.loads(answer)
    assert (status, list(found)) == (404, ["error"])
    assert (found["error"]["type"], found["error"]["code"]) == ("invalid_request_error", None)
    assert f"no such path (POST {path}); there are: " in found["error"]["message"]
    assert "/v1/chat/completions, /v1/models" in found["error"]["message"]
    assert headers["x-should-retry"] == "false"


@pytest.mark.parametrize("prefix", ["/v1", "/anthropic/v1"])
def test_models_are_those_a_key_can_use(home: Home, upstream: Upstream, prefix: str) -> None:
    entry = channel(upstream.url, models=["claude-a", "claude-b", "claude-*"])
    with configured(home, entry, mappings={"my-model": "claude-a", "lost": "gpt"}) as daemon:
        status, _, answer = ask(
            daemon,
            "GET",
            f"{prefix}/models?limit=1000",
            x_api_key=KEY,
            anthropic_version="2023-06-01",
        )
    found = json.loads(answer)
    assert status == 200
    assert [m["id"] for m in found["data"]] == ["my-model", "claude-a", "claude-b"]
    assert (found["first_id"], found["last_id"], found["has_more"]) == (
        "my-model",
        "claude-b",
        False,
    )
    assert found["data"][0]["type"] == "model"


def test_one_model_can_be_asked_for(home: Home, upstream: Upstream) -> None:
    with configured(home, channel(upstream.url, models=["vendor/claude-a"])) as daemon:
        path = "/anthropic/v1/models"
        found = ask(daemon, "GET", f"{path}/vendor/claude-a", x_api_key=KEY)
        missing = ask(daemon, "GET", f"{path}/claude-z", x_api_key=KEY)
    assert json.loads(found[2])["id"] == "vendor/claude-a"
    assert (missing[0], error_of(missing[2])[0]) == (404, "not_found_error")


def test_models_need_a_key(daemon: Daemon) -> None:
    status, _, answer = ask(daemon, "GET", "/anthropic/v1/models")
    assert (status, error_of(answer)[0]) == (401, "authentication_error")


def test_models_are_listed_in_openais_shape_for_everybody_else(
    home: Home, upstream: Upstream
) -> None:
    with configured(home, channel(upstream.url, models=["claude-a", "claude-*"])) as daemon:
        found = json.loads(ask(daemon, "GET", "/v1/models", x_api_key=KEY)[2])
        whole = json.loads(ask(daemon, "GET", "/v1/models?include=all", x_api_key=KEY)[2])
        one = json.loads(ask(daemon, "GET", "/v1/models/claude-a", x_api_key=KEY)[2])
        status, _, answer = ask(daemon, "GET", "/v1/models/glm-z", x_api_key=KEY)
        refused = ask(daemon, "GET", "/v1/models")
    assert found["object"] == "list"
    assert [(m["id"], m["object"]) for m in found["data"]] == [("claude-a", "model")]
    assert "channels" not in found["data"][0]
    assert whole["data"][0]["channels"][0]["name"] == "main"
    assert one["id"] == "claude-a"
    assert (status, json.loads(answer)["error"]["code"]) == (404, "model_not_found")
    assert (refused[0], json.loads(refused[2])["error"]["code"]) == (401, "invalid_api_key")


REFUSALS: dict[str, tuple[bytes, dict[str, str], int, str, str]] = {
    "invalid JSON": (b'{"model":', {}, 400, "invalid_request_error", "not valid JSON"),
    "no object": (b"[1]", {}, 400, "invalid_request_error", "xpected `object`"),
    "empty": (b"", {}, 400, "invalid_request_error", "body is empty"),
    "no model": (b"{}", {}, 400, "invalid_request_error", "model: Field required"),
    "odd model": (b'{"model":5}', {}, 400, "invalid_request_error", "model"),
    "odd stream": (
        b'{"model":"claude-x","stream":"yes"}',
        {},
        400,
        "invalid_request_error",
        "stream",
    ),
    "not UTF-8": (b'{"model":"\xff"}', {}, 400, "invalid_request_error", ""),
    "too deep": (b'{"model":' + b"[" * 200_000, {}, 400, "invalid_request_error", ""),
    "wrong type": (
        BODY,
        {"content_type": "text/plain"},
        415,
        "invalid_request_error",
        "application/json",
    ),
    "unknown model": (b'{"model":"gpt-9"}', {}, 404, "not_found_error", "'gpt-9'"),
    "wrong key": (
        BODY,
        {"authorization": "Bearer ah-" + "1" * 64},
        401,
        "authentication_error",
        "axonhub env",
    ),
    "other credential": (
        BODY,
        {"authorization": "Bearer something"},
        401,
        "authentication_error",
        "axonhub env",
    ),
    "unknown encoding": (
        BODY,
        {"content_encoding": "lzma"},
        400,
        "invalid_request_error",
        "lzma",
    ),
    "no gzip": (BODY, {"content_encoding": "gzip"}, 400, "invalid_request_error", "unpacked"),
    "foreign profile": (BODY, {"ah_profile": "other"}, 403, "permission_error", "'other'"),
}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    home = Home(tmp_path_factory.mktemp("home"))
    with configured(home, channel("http://127.0.0.1:9", models=["claude-*"])) as daemon:
        yield daemon


@pytest.mark.parametrize("case", REFUSALS.values(), ids=REFUSALS.keys())
def test_what_cannot_be_served_is_refused_in_anthropics_shape(
    shared: Daemon, case: tuple[bytes, dict[str, str], int, str, str]
) -> None:
    body, headers, status, kind, words = case
    seen, answered, answer = shared.post(body, **headers)
    assert (seen, error_of(answer)[0]) == (status, kind)
    assert words in error_of(answer)[1]
    assert answered["content-type"] == "application/json"
    # Repeating cannot help: Claude Code and the SDKs obey this.
    assert answered["x-should-retry"] == "false"


def test_no_key_at_all_is_a_401_that_names_the_remedy(shared: Daemon) -> None:
    status, _, answer = ask(shared, "POST", "/v1/messages", BODY, content_type="application/json")
    assert status == 401
    assert "eval $(axonhub env)" in error_of(answer)[1]


def test_a_web_page_is_refused(shared: Daemon) -> None:
    status, headers, answer = shared.post(BODY, origin="https://evil.example")
    assert (status, error_of(answer)[0]) == (403, "permission_error")
    assert not [name for name in headers if name.lower().startswith("access-control")]


def test_a_preflight_is_refused_without_cors(shared: Daemon) -> None:
    status, headers, _ = ask(
        shared, "OPTIONS", "/v1/messages", origin="null", access_control_request_method="POST"
    )
    assert status == 403
    assert not [name for name in headers if name.lower().startswith("access-control")]


def test_a_rebound_host_name_is_refused(shared: Daemon) -> None:
    status, _, answer = shared.post(BODY, host="evil.example:8090")
    assert (status, error_of(answer)[0]) == (403, "permission_error")


def test_a_disabled_key_is_a_403(home: Home, upstream: Upstream) -> None:
    with configured(home, channel(upstream.url), key={"enabled": False}) as daemon:
        status, _, answer = daemon.post(BODY)
    assert (status, error_of(answer)[0]) == (403, "permission_error")
    assert "axonhub key enable default" in error_of(answer)[1]


def test_without_any_channel_the_answer_says_how_to_add_one(home: Home) -> None:
    with configured(home) as daemon:
        status, headers, answer = daemon.post(BODY)
    assert (status, headers["x-should-retry"]) == (503, "false")
    assert "axonhub channel add" in error_of(answer)[1]


def test_a_disabled_channel_is_named(home: Home, upstream: Upstream) -> None:
    with configured(home, channel(upstream.url, enabled=False)) as daemon:
        status, headers, answer = daemon.post(BODY)
    assert (status, headers["x-should-retry"]) == (503, "false")
    assert "main is disabled" in error_of(answer)[1]


def test_a_channel_whose_token_may_come_back_is_worth_asking_again(
    home: Home, upstream: Upstream
) -> None:
    with configured(home, channel(upstream.url, tokens=["env:NOT_THERE"])) as daemon:
        status, headers, answer = daemon.post(BODY)
    assert (status, "x-should-retry" in headers) == (503, False)
    assert "main has no usable token" in error_of(answer)[1]


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/chat/completions"])
@pytest.mark.parametrize("model", ["", " "])
def test_an_empty_name_of_a_model_is_a_400(shared: Daemon, path: str, model: str) -> None:
    body = json.dumps(json.loads(BODY) | {"model": model}).encode()
    status, headers, answer = shared.post(body, path)
    assert (status, headers["x-should-retry"]) == (400, "false")
    error = json.loads(answer)["error"]
    assert (error["type"], "model: String should have at least 1" in error["message"]) == (
        "invalid_request_error",
        True,
    )


def test_a_body_over_the_limit_is_a_413(home: Home, upstream: Upstream) -> None:
    with configured(home, channel(upstream.url), server={"max_request_bytes": 1000}) as daemon:
        answers = [
            daemon.post(BODY + b" " * 2000),
            daemon.post(gzip.compress(BODY + b" " * 100_000), content_encoding="gzip"),
        ]
        assert daemon.post(BODY)[0] == 200
    assert [(s, error_of(a)[0]) for s, _, a in answers] == [(413, "request_too_large")] * 2
    assert len(upstream.requests) == 1


def test_a_body_over_the_limit_without_a_length_is_a_413(home: Home, upstream: Upstream) -> None:
    with configured(home, channel(upstream.url), server={"max_request_bytes": 1000}) as daemon:
        connection = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=15)
        headers = {"x-api-key": KEY, "content-type": "application/json"}
        connection.request(
            "POST", "/v1/messages", iter([b" " * 600] * 4), headers, encode_chunked=True
        )
        answer = connection.getresponse()
        assert (answer.status, error_of(answer.read())[0]) == (413, "request_too_large")
        connection.close()


def test_a_compressed_body_goes_upstream_unpacked(daemon: Daemon, upstream: Upstream) -> None:
    packed = zstandard.ZstdCompressor().compress(BODY)
    assert daemon.post(packed, content_encoding="zstd")[0] == 200
    seen = upstream.requests[0]
    assert (seen.body, seen.header("content-encoding")) == (BODY, None)


def test_the_key_never_reaches_the_upstream(daemon: Daemon, upstream: Upstream) -> None:
    daemon.post(BODY, x_api_key=KEY, x_goog_api_key=KEY, authorization="Bearer sk-mine")
    assert all(KEY not in value for _, value in upstream.requests[0].headers)
    assert all("sk-mine" not in value for _, value in upstream.requests[0].headers)


def test_the_configuration_is_read_anew_with_the_next_request(
    daemon: Daemon, home: Home, upstream: Upstream
) -> None:
    assert daemon.post(BODY)[1]["ah-upstream-model"] == "claude-sonnet-4-5"
    home.configure(channel(upstream.url), mappings={"claude-sonnet-4-5": "claude-haiku-4-5"})
    # Within this process the change may be faster than the next look; no command is.
    models = (daemon.post(BODY)[1]["ah-upstream-model"] for _ in range(100))
    assert "claude-haiku-4-5" in models
    home.paths.config_file.write_text("[server\n")
    assert daemon.post(BODY)[1]["ah-upstream-model"] == "claude-haiku-4-5"


def test_the_trace_of_a_claude_code_session_is_the_session(daemon: Daemon) -> None:
    session = "256523fe-a4f3-45df-954d-4ce2220ffb9a"
    by_header = daemon.post(BODY, x_claude_code_session_id=session)
    metadata = json.dumps({"user_id": json.dumps({"device_id": "d", "session_id": session})})
    by_body = daemon.post(BODY[:-1] + b',"metadata":' + metadata.encode() + b"}")
    own = daemon.post(BODY, ah_trace_id="mine", x_claude_code_session_id=session)
    found = [headers["ah-trace-id"] for _, headers, _ in (by_header, by_body, own)]
    assert found == [session, session, "mine"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("GET", "/v1/messages", "POST"), ("OPTIONS", "/anthropic/v1/messages/count_tokens", "POST")]
    + [("POST", "/v1/models", "GET, HEAD"), ("DELETE", "/health", "GET, HEAD")],
)
def test_a_wrong_method_is_refused_in_the_protocols_shape(
    daemon: Daemon, method: str, path: str, allowed: str
) -> None:
    status, headers, answer = ask(daemon, method, path)
    assert (status, headers["allow"]) == (405, allowed)
    assert error_of(answer) == (
        "invalid_request_error",
        f"{path} takes {allowed}, not {method}",
    )


def test_a_head_request_with_a_wrong_method_gets_no_body(daemon: Daemon) -> None:
    status, _, answer = ask(daemon, "HEAD", "/v1/messages")
    assert (status, answer) == (405, b"")
