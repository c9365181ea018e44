import json
import os
import socket
from collections.abc import Mapping
from pathlib import Path

import pytest

from axonhub_cli.config.paths import find_paths
from axonhub_cli.daemon import local_call, state
from tests.support.daemon import Daemon
from tests.support.home import Home
from tests.support.upstream import Upstream


@pytest.mark.parametrize(
    "environ",
    [
        {"AXONHUB_HOME": "/somewhere/else"},
        {"AXONHUB_HOME": "~/mine"},
        {"AXONHUB_HOME": ""},
        {},
        {"XDG_STATE_HOME": "/xdg/state"},
        {"XDG_STATE_HOME": " "},
    ],
)
def test_the_state_file_is_where_the_paths_say(
    environ: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AXONHUB_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert local_call.state_file(os.environ) == str(find_paths(os.environ).state_file)


def test_the_words_on_the_wire_are_those_of_the_state_module() -> None:
    assert local_call.CHALLENGE_HEADER == state.CHALLENGE_HEADER
    assert local_call.PROOF_HEADER == state.PROOF_HEADER


def test_a_running_daemon_is_asked(home: Home, daemon: Daemon) -> None:
    found = local_call.read_state(str(home.paths.state_file))
    assert found is not None
    told = local_call.call(found, "/health", 5.0)
    assert told is not None
    assert told["name"] == "axonhub"
    refused = local_call.call(found | {"secret": "another"}, "/admin/api/session/x", 5.0)
    assert refused is None


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"secret": ""}'])
def test_a_state_file_that_says_nothing_is_none(tmp_path: Path, text: str) -> None:
    file = tmp_path / "daemon.json"
    assert local_call.read_state(str(file)) is None
    file.write_text(text)
    assert local_call.read_state(str(file)) is None


def test_whoever_else_answers_there_is_not_believed(upstream: Upstream) -> None:
    port = int(upstream.url.rpartition(":")[2])
    found = {"secret": "s", "host": "127.0.0.1", "port": port}
    assert local_call.call(found, "/health", 0.2) is None
    assert local_call.call(found | {"tls": True}, "/health", 0.2) is None
    assert local_call.call(found, "/health", 0.0) is None
    assert local_call.call({"secret": "s"}, "/health", 5.0) is None


def test_where_nobody_listens_there_is_no_answer() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    for host in ("localhost", "0.0.0.0", "::", "::1"):
        found = json.loads(json.dumps({"secret": "s", "host": host, "port": port}))
        assert local_call.call(found, "/health", 5.0) is None
