import os
import shlex
import subprocess
import sys

import pytest

from axonhub_cli import __version__
from axonhub_cli.cli.channel import VERBS
from axonhub_cli.cli.main import COMMANDS
from tests.support.cli import Cli

NOUNS = {
    "profile": ("create", "list", "show", "map", "unmap", "use", "remove"),
    "key": ("create", "list", "show", "bind", "rotate", "enable", "disable", "remove"),
    "config": ("path", "show", "check", "get", "set", "edit"),
    "channel": tuple(VERBS),
}
ALL = [(name,) for name in COMMANDS] + [(n, verb) for n, verbs in NOUNS.items() for verb in verbs]


@pytest.mark.parametrize("words", ALL, ids=" ".join)
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_every_command_has_help_that_begins_with_its_usage(
    cli: Cli, words: tuple[str, ...], flag: str
) -> None:
    shown = cli.ok(*words, flag)
    assert shown.out.startswith(f"Usage: axonhub {' '.join(words)} ")
    assert shown.err == ""


@pytest.mark.parametrize("noun", NOUNS)
def test_the_help_of_a_noun_names_every_verb(cli: Cli, noun: str) -> None:
    shown = cli.ok(noun, "--help").out
    for verb in NOUNS[noun]:
        assert f"\n  {verb} " in shown


def test_without_arguments_the_help_is_shown(cli: Cli) -> None:
    shown = cli.ok().out
    for name in COMMANDS:
        assert f"\n  {name} " in shown


def test_the_version_is_printed(cli: Cli) -> None:
    assert cli.ok("--version").out == f"axonhub {__version__}\n"


def test_an_unknown_command_is_answered_with_the_nearest(cli: Cli) -> None:
    assert cli.fails("chanel") == (
        "error: no such command: axonhub chanel\nhint: did you mean `axonhub channel`?\n"
    )
    assert "did you mean `axonhub channel remove`?" in cli.fails("channel", "remov")


def test_other_programs_words_for_a_verb_are_understood(cli: Cli) -> None:
    for words, meant in (("key add", "key create"), ("channel rm", "channel remove")):
        assert f"did you mean `axonhub {meant}`?" in cli.fails(*words.split())


def test_a_command_like_no_other_is_answered_with_the_help(cli: Cli) -> None:
    assert cli.fails("xyzzy") == (
        "error: no such command: axonhub xyzzy\nhint: see `axonhub --help`\n"
    )


def test_an_unknown_option_is_answered_with_the_nearest(cli: Cli) -> None:
    assert cli.fails("channel", "add", "--bse-url", "x") == (
        "error: no such option: --bse-url\nhint: did you mean --base-url?\n"
    )


def test_a_missing_argument_is_named(cli: Cli) -> None:
    assert cli.fails("channel", "show") == (
        "error: missing argument 'NAME'\nhint: see `axonhub channel show --help`\n"
    )


def test_an_option_without_its_value_names_the_command(cli: Cli) -> None:
    assert cli.fails("channel", "add", "--type") == (
        "error: option '--type' requires an argument\nhint: see `axonhub channel add --help`\n"
    )
    assert "see `axonhub env --help`" in cli.fails("env", "--key")
    assert "see `axonhub --help`" in cli.fails("--config")


def test_a_global_option_without_its_value_eats_no_command(cli: Cli) -> None:
    assert cli.fails("channel", "list", "--config") == (
        "error: option '--config' requires an argument\nhint: see `axonhub --help`\n"
    )


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("env", "foo"), "unexpected argument: foo"),
        (("channel", "add", "--weight", "x"), "--weight: 'x' is not a whole number"),
        (("trace", "list", "--limit", "0"), "--limit: 0 is less than 1"),
        (("serve", "--port", "80000"), "--port: 80000 is not between 0 and 65535"),
        (("channel", "add", "--auth", "x"), "--auth: 'x' is not one of 'bearer', 'x-api-key'"),
    ],
)
def test_wrong_values_are_told_in_plain_words(cli: Cli, argv: tuple[str, ...], said: str) -> None:
    assert cli.fails(*argv).startswith(f"error: {said}\n")


def test_a_token_typed_as_an_argument_is_not_repeated(cli: Cli) -> None:
    token = "sk-ant-oat01-" + "x" * 30
    said = cli.fails("channel", "add", "main", token, "--type", "anthropic")
    assert "x" * 8 not in said
    said = cli.fails("channel", "add", token, "--type", "anthropic")
    assert "x" * 8 not in said
    assert "looks like a secret" in said


@pytest.mark.parametrize(
    "argv",
    [
        ("--config", "{file}", "config", "path"),
        ("config", "path", "--config", "{file}"),
        ("config", "path", "--config={file}"),
        ("config", "--config={file}", "path"),
    ],
    ids=" ".join,
)
def test_global_options_stand_before_or_after_the_command(cli: Cli, argv: tuple[str, ...]) -> None:
    file = str(cli.home.path / "other.toml")
    assert cli.ok(*(word.format(file=file) for word in argv)).out == f"{file}\n"


def test_debug_shows_a_traceback_and_the_sentence(
    cli: Cli, capsys: pytest.CaptureFixture[str]
) -> None:
    from axonhub_cli.cli.main import run

    assert run(["channel", "show", "x", "--debug"], cli.environ) == 2
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert "error: there is no channel 'x'" in said


def test_the_variable_for_debugging_does_the_same(
    cli: Cli, capsys: pytest.CaptureFixture[str]
) -> None:
    from axonhub_cli.cli.main import run

    assert run(["channel", "show", "x"], {**cli.environ, "AXONHUB_DEBUG": "1"}) == 2
    assert "Traceback" in capsys.readouterr().err
    assert run(["channel", "show", "x"], {**cli.environ, "AXONHUB_DEBUG": "0"}) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_an_invalid_configuration_ends_every_command_with_2(cli: Cli) -> None:
    cli.home.configure()
    file = cli.home.paths.config_file
    file.write_text(file.read_text() + "\n[sever]\n")
    for argv in (("channel",), ("profile",), ("key",), ("config",), ("config", "check")):
        assert "unknown key 'sever': did you mean 'server'?" in cli.fails(*argv)


@pytest.mark.parametrize("noun", ["trace", "request"])
def test_a_broken_configuration_is_told_where_none_is_needed(cli: Cli, noun: str) -> None:
    cli.home.configure()
    assert "broken" not in cli.ok(noun, "list").err
    cli.home.paths.config_file.write_text("[sever]\n")
    result = cli.ok(noun, "list", "--json")
    assert result.json == []
    assert "warning: the configuration is broken: " in result.err


def test_a_reader_that_leaves_is_no_error(cli: Cli) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as closed:
        done = subprocess.run(
            [sys.executable, "-m", "axonhub_cli", "channel", "types"],
            env=cli.environ,
            stdout=closed,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.stderr == ""
    assert done.returncode == 1


def test_closed_streams_are_no_error(cli: Cli) -> None:
    command = f"{shlex.quote(sys.executable)} -m axonhub_cli channel types >&- 2>&-"
    assert subprocess.run(["sh", "-c", command], env=cli.environ).returncode == 0


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_behind_the_output_is_told(cli: Cli) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "axonhub_cli", "channel", "types"],
            env=cli.environ,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 1
    assert done.stderr == "error: no space left on device\n"


def test_importing_the_command_line_loads_no_heavy_library() -> None:
    heavy = ("httpx", "aiohttp", "starlette", "uvicorn", "keyring", "sqlite3", "rich", "tomlkit")
    code = (
        "import sys, axonhub_cli.cli.main;"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_an_interrupt_ends_with_130_and_says_nothing(cli: Cli) -> None:
    cli.type_in(secret=KeyboardInterrupt())
    result = cli("channel", "add", "--type", "anthropic")
    assert result.code == 130
    assert result.out == ""
    assert "error" not in result.err
    assert cli.config().channels == ()
