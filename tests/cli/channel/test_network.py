"""`channel add` and `edit`: proxy, certificates and time limits, checked when they are saved."""

from __future__ import annotations

from pathlib import Path

import pytest

from axonhub_cli.config.schema import Channel
from tests.support import plays
from tests.support.certificate import make_certificate, make_signed
from tests.support.cli import Cli
from tests.support.upstream import Upstream


def saved(cli: Cli, *argv: str) -> Channel:
    cli.ok("channel", "edit", "main", "--no-test", *argv)
    found = cli.config().channel("main")
    assert found is not None
    return found


def test_time_limits_are_saved_and_cleared(cli: Cli) -> None:
    cli.add_channel()
    limits = ("--connect-timeout", "3s", "--first-event-timeout", "1m", "--idle-timeout", "2m")
    channel = saved(cli, *limits, "--timeout", "1h30m")
    assert (channel.connect_timeout, channel.first_event_timeout) == ("3s", "1m")
    assert (channel.idle_timeout, channel.total_timeout) == ("2m", "1h30m")
    channel = saved(cli, "--connect-timeout", "", "--timeout", "")
    assert channel.connect_timeout is channel.total_timeout is None
    assert channel.idle_timeout == "2m"


@pytest.mark.parametrize(
    "flag", ["--connect-timeout", "--first-event-timeout", "--idle-timeout", "--timeout"]
)
@pytest.mark.parametrize(
    ("text", "said"), [("10", "is not a duration"), ("0s", "no time at all"), ("soon", "'soon'")]
)
def test_a_wrong_time_limit_is_refused_with_its_flag(
    cli: Cli, flag: str, text: str, said: str
) -> None:
    cli.add_channel()
    error = cli.fails("channel", "edit", "main", flag, text)
    assert f"error: {flag}: " in error and said in error


def test_the_clients_identity_is_a_switch(cli: Cli) -> None:
    cli.add_channel()
    assert saved(cli, "--client-identity").client_identity is True
    assert saved(cli, "--no-client-identity").client_identity is False
    assert saved(cli, "--weight", "7").client_identity is False


def test_a_file_of_authorities_is_saved_by_its_whole_path(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_certificate(tmp_path)
    monkeypatch.chdir(tmp_path)
    cli.add_channel()
    assert saved(cli, "--ca-file", "cert.pem").ca_file == str(tmp_path / "cert.pem")
    assert saved(cli, "--ca-file", "").ca_file is None


@pytest.mark.parametrize(
    ("content", "said"), [(None, "cannot be read: No such file"), ("text", "is not a PEM file")]
)
def test_a_wrong_file_of_authorities_is_refused(
    cli: Cli, tmp_path: Path, content: str | None, said: str
) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    cli.add_channel()
    error = cli.fails("channel", "edit", "main", "--ca-file", str(file))
    assert "error: --ca-file: " in error and said in error


def test_a_channel_is_tested_with_its_authorities(cli: Cli, tmp_path: Path) -> None:
    authority, context = make_signed(tmp_path)
    upstream = Upstream(plays.default_answer, context)
    upstream.start()
    try:
        command = ("channel", "add", "own", "--type", "anthropic", "--base-url", upstream.url)
        secret = ("--token-env", "TEST_TOKEN")
        failed = cli.fails(*command, *secret, code=1)
        assert "certificate" in failed and "--ca-file" in failed
        cli.ok("channel", "edit", "own", "--ca-file", str(authority))
        assert cli.ok("channel", "test", "own", "--json").json["ok"] is True
        assert cli.ok("channel", "models", "own", "--fetch", "--json").json
    finally:
        upstream.stop()


def test_a_file_that_went_away_is_found_by_the_check(cli: Cli, tmp_path: Path) -> None:
    make_certificate(tmp_path)
    cli.add_channel()
    saved(cli, "--ca-file", str(tmp_path / "cert.pem"))
    cli.ok("config", "check")
    (tmp_path / "cert.pem").unlink()
    error = cli.fails("config", "check")
    assert "channels[0].ca_file" in error and "cannot be read" in error
