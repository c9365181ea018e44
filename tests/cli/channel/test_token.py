import pytest

from tests.support.cli import Cli

FIRST = "sk-ant-api03-" + "f" * 16 + "1111"
SECOND = "sk-ant-api03-" + "s" * 16 + "2222"


def test_tokens_are_listed_with_their_last_four_characters_at_most(cli: Cli) -> None:
    cli.add_channel("main", token=FIRST)
    cli.add_channel("short", token="sk-short")
    (found,) = cli.ok("channel", "token", "main", "--json").json["tokens"]
    assert found["label"] == "1"
    assert found["source"].startswith("file:channel/main/1/")
    assert found["token"] == "…1111"
    assert cli.ok("channel", "token", "short", "--json").json["tokens"][0]["token"] == "…"
    assert "…1111" in cli.ok("channel", "token", "main").out


def test_a_token_is_added_and_removed_by_its_label(cli: Cli) -> None:
    cli.add_channel("main", token=FIRST)
    result = cli.ok("channel", "token", "main", "--add", "work", "--token-stdin", stdin=SECOND)
    assert "has 2 tokens" in result.err
    assert "work" in cli.ok("channel", "token", "main", "--list").out
    cli.ok("channel", "token", "main", "--remove", "1")
    assert FIRST not in cli.secrets() and SECOND in cli.secrets()
    result = cli.ok("channel", "token", "main", "--remove", "work")
    assert "has no token left" in result.err
    assert cli.secrets().count("sk-") == 0
    result = cli.ok("channel", "token", "main", "--add", "1", "--token-stdin", stdin=FIRST)
    assert "has 1 token." in result.err


def test_a_token_is_asked_for_at_a_terminal(cli: Cli) -> None:
    cli.add_channel("main", token=FIRST)
    cli.type_in(secret=f" {SECOND} ")
    cli.ok("channel", "token", "main", "--add", "work")
    assert SECOND in cli.secrets()


def test_variables_and_commands_are_tokens_too(cli: Cli) -> None:
    cli.add_channel("main", token=FIRST)
    said = cli.ok("channel", "token", "main", "--add", "a", "--token-env", "TEST_TOKEN").err
    assert "has 2 tokens; this one is called TEST_TOKEN." in said
    cli.ok("channel", "token", "main", "--add", "b", "--token-command", "op read x")
    found = cli.ok("channel", "token", "main", "--json").json["tokens"]
    assert [entry["label"] for entry in found] == ["1", "TEST_TOKEN", "op"]
    assert [entry["source"] for entry in found[1:]] == ["env:TEST_TOKEN", "command:op …"]
    assert found[2]["token"] is None
    said = cli.fails("channel", "token", "main", "--add", "c", "--token-env", "TEST_TOKEN")
    assert "has this token already" in said


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("--add", "1", "--token-stdin"), "has a token '1' already"),
        (("--add", SECOND, "--token-stdin"), "a label is up to 32 letters"),
        (("--add", "work"), "stdin is no terminal"),
        (("--remove", "wrok"), "has no token 'wrok'"),
        (("--add", "a", "--remove", "1"), "exclude each other"),
        (("--token-stdin",), "a token needs a label"),
    ],
)
def test_a_wrong_command_line_is_refused_and_changes_nothing(
    cli: Cli, argv: tuple[str, ...], said: str
) -> None:
    cli.add_channel("main", token=FIRST)
    before = cli.secrets()
    message = cli.fails("channel", "token", "main", *argv, stdin=SECOND)
    assert said in message
    assert SECOND not in message
    assert cli.secrets() == before


def test_the_embedded_provider_takes_no_token(cli: Cli) -> None:
    cli.ok("channel", "add", "--type", "echo", "--no-test")
    assert "takes no token" in cli.fails("channel", "token", "echo", "--add", "a")
    assert "has no token" in cli.ok("channel", "token", "echo").err
