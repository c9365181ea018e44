import tomllib

import pytest

from axonhub_cli.config.schema import Server
from tests.support.cli import Cli


def test_the_path_is_printed_whether_the_file_exists_or_not(cli: Cli) -> None:
    assert cli.ok("config", "path").out == f"{cli.home.paths.config_file}\n"
    found = cli.ok("config", "path", "--json").json
    assert found["config"] == str(cli.home.paths.config_file)
    assert list(found) == ["config", "secrets", "traces", "state", "log", "cache"]


def test_the_whole_configuration_is_shown_as_toml_and_as_json(cli: Cli) -> None:
    cli.add_channel("main")
    shown = tomllib.loads(cli.ok("config", "show").out)
    assert shown["server"]["port"] == 8090
    assert shown["channels"][0]["name"] == "main"
    found = cli.ok("config", "show", "--json").json
    assert found["server"]["trace"]["claude_code_trace_enabled"] is True
    assert found["channels"][0]["tokens"][0].startswith("file:")


def test_a_variable_is_shown_as_it_applies(cli: Cli) -> None:
    cli.environ["AXONHUB_SERVER_PORT"] = "9000"
    assert cli.ok("config", "get", "server.port").out == "9000\n"
    result = cli.ok("config", "set", "server.port", "9001")
    assert "warning: the variable AXONHUB_SERVER_PORT overrides this setting here" in result.err
    assert tomllib.loads(cli.home.paths.config_file.read_text())["server"]["port"] == 9001


def test_a_valid_file_is_said_to_be_so(cli: Cli) -> None:
    assert "does not exist: defaults apply" in cli.ok("config", "check").err
    cli.add_channel("main")
    assert "is valid (1 channel, 0 profiles, 0 keys)" in cli.ok("config", "check").err
    assert cli.ok("config", "check", "--json").json["ok"] is True


def test_a_file_of_authorities_that_is_not_there_is_told(cli: Cli) -> None:
    cli.ok("config", "set", "telemetry.ca_file", "/no/such/ca.pem")
    said = cli.fails("config", "check")
    assert "error: telemetry.ca_file: /no/such/ca.pem cannot be read: No such file" in said


def test_a_wrong_file_is_told_with_line_and_nearest_name(cli: Cli) -> None:
    cli.ok("config", "set", "server.port", "9000")
    file = cli.home.paths.config_file
    file.write_text(file.read_text() + "hots = '::1'\n")
    said = cli.fails("config", "check")
    assert f"error: {file}, line 3: server.hots: unknown key 'hots': did you mean 'host'?" in said
    result = cli("config", "check", "--json")
    assert (result.code, result.json["ok"]) == (2, False)
    assert "server.hots" in result.json["error"]


@pytest.mark.parametrize(
    ("key", "text", "value", "shown"),
    [
        ("server.port", "9000", 9000, "9000"),
        ("server.host", "::1", "::1", "::1"),
        ("server.idle_timeout", "90s", "90s", "90s"),
        ("server.allowed_hosts", "a.example, b.example", ["a.example", "b.example"], None),
        ("server.trace.codex_trace_enabled", "off", False, "false"),
        ("server.log_level", "debug", "debug", "debug"),
    ],
)
def test_a_setting_is_set_by_its_type_and_read_back(
    cli: Cli, key: str, text: str, value: object, shown: str | None
) -> None:
    cli.ok("config", "set", key, text)
    assert cli.ok("config", "get", key, "--json").json == value
    assert cli.ok("config", "get", key).out.strip() == (shown or "a.example,b.example")


def test_an_empty_value_restores_the_default(cli: Cli) -> None:
    cli.ok("config", "set", "server.port", "9000")
    assert "server.port = 8090 (the default)" in cli.ok("config", "set", "server.port", "").err
    assert cli.config().server == Server()


def test_a_list_that_becomes_empty_is_said_to_be_so(cli: Cli) -> None:
    said = cli.ok("config", "set", "server.allowed_hosts", "").err
    assert said == "server.allowed_hosts = (nothing) (the default)\n"


def test_a_section_is_read_whole(cli: Cli) -> None:
    assert cli.ok("config", "get", "server.trace", "--json").json["server.trace.trace_header"] == (
        "AH-Trace-Id"
    )
    assert "server.trace.trace_header" in cli.ok("config", "get", "server").out


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("get", "server.prt"), "there is no setting 'server.prt': did you mean 'server.port'?"),
        (("set", "server.prt", "1"), "did you mean 'server.port'?"),
        (("set", "server.port", "abc"), "server.port: 'abc' is not a whole number"),
        (("set", "server.port", "70000"), "70000 is not between 0 and 65535"),
        (("set", "server.idle_timeout", "90"), "'90' is not a duration"),
        (("set", "server.trace.codex_trace_enabled", "maybe"), "neither true nor false"),
        (("set", "secrets.backend", "fil"), "secrets.backend"),
        (("set", "channels.main.weight", "1"), "channels are no settings"),
        (("get", "keys"), "keys are no settings"),
        (("set", "server.port"), "missing argument 'VALUE'"),
    ],
)
def test_a_wrong_command_line_is_refused_and_changes_nothing(
    cli: Cli, argv: tuple[str, ...], said: str
) -> None:
    assert said in cli.fails("config", *argv)
    assert not cli.home.paths.config_file.exists()
