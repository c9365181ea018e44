import json
import shutil
import subprocess
import sys

import pytest

from axonhub_cli.cli.print_env import EnvOptions, print_env, quick, read_options
from tests.support.health import running
from tests.support.home import KEY, Home


@pytest.mark.parametrize(
    ("line", "options"),
    [
        ("env", EnvOptions()),
        ("env --json --unset", EnvOptions(json=True, unset=True)),
        ("env --shell fish --key=work", EnvOptions(shell="fish", key="work")),
        ("--config f.toml env --tool claude", EnvOptions(config="f.toml")),
        ("env --config=f.toml", EnvOptions(config="f.toml")),
    ],
)
def test_plain_options_are_read_without_typer(line: str, options: EnvOptions) -> None:
    assert read_options(line.split()) == options


@pytest.mark.parametrize(
    "line",
    [
        "",
        "status",
        "env --help",
        "env --nonsense",
        "env extra",
        "env --key",
        "env --key --json",
        "--debug env",
        "key create env",
        "--json env",
        "env --json=yes",
    ],
)
def test_anything_else_is_left_to_the_full_command_line(line: str) -> None:
    assert read_options(line.split()) is None
    assert quick(line.split(), {}) is None


def test_completion_is_left_to_the_full_command_line(home: Home) -> None:
    assert quick(["env"], home.environ | {"_AXONHUB_COMPLETE": "complete_bash"}) is None


def test_the_statements_are_printed(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    home.configure()
    with running(home.paths) as state:
        assert quick(["env", "--shell", "zsh"], home.environ) == 0
    out, err = capsys.readouterr()
    assert out == (
        f"export ANTHROPIC_BASE_URL={state.url}/anthropic;\n"
        f"export ANTHROPIC_AUTH_TOKEN={KEY};\n"
        "export CLAUDE_CODE_GATEWAY_HINT_HEADERS=1;\n"
        "export NO_PROXY=localhost,127.0.0.1,::1;\n"
        "unset ANTHROPIC_API_KEY;\n"
    )
    assert err == ""


def test_json_is_one_object_of_names_and_values(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    home.configure()
    print_env(EnvOptions(json=True), home.paths, home.environ)
    assert json.loads(capsys.readouterr().out) == {
        "ANTHROPIC_BASE_URL": "http://localhost:8090/anthropic",
        "ANTHROPIC_AUTH_TOKEN": KEY,
        "CLAUDE_CODE_GATEWAY_HINT_HEADERS": "1",
        "NO_PROXY": "localhost,127.0.0.1,::1",
    }


def test_unset_needs_neither_key_nor_configuration(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    print_env(EnvOptions(unset=True, shell="fish"), home.paths, home.environ)
    assert capsys.readouterr().out == (
        "set -e ANTHROPIC_BASE_URL;\nset -e ANTHROPIC_AUTH_TOKEN;\n"
        "set -e CLAUDE_CODE_GATEWAY_HINT_HEADERS;\n"
    )
    assert not home.paths.config_file.exists()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("env --tool codex", "codex is not supported yet"),
        ("env --shell nushell", "no such shell: nushell"),
        ("env --key nobody", "nobody"),
    ],
)
def test_an_error_prints_nothing_to_evaluate(
    line: str, said: str, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    assert quick(line.split(), home.environ) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert said in err


def test_a_broken_configuration_is_exit_code_two(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    home.configure()
    home.paths.config_file.write_text("[server]\nprot = 1\n")
    assert quick(["env"], home.environ) == 2
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("shell", ["bash", "dash", "zsh", "fish"])
@pytest.mark.parametrize("nasty", ["*.corp.example,10.*,a?c", "plain.example"])
def test_the_real_command_is_evaluated(shell: str, nasty: str, home: Home) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    home.configure()
    axonhub = f"{sys.executable} -m axonhub_cli env"
    evaluate = f"{axonhub} | source" if shell == "fish" else f"eval $({axonhub})"
    done = subprocess.run(
        [shell, "-c", f"{evaluate}; printenv"],
        env=home.environ | {"NO_PROXY": nasty, "ANTHROPIC_API_KEY": "x"},
        capture_output=True,
        text=True,
        timeout=15,
        check=True,
    )
    lines = done.stdout.splitlines()
    assert f"ANTHROPIC_AUTH_TOKEN={KEY}" in lines
    assert f"NO_PROXY={nasty},localhost,127.0.0.1,::1" in lines
    assert f"no_proxy={nasty},localhost,127.0.0.1,::1" in lines
    assert not any(line.startswith("ANTHROPIC_API_KEY=") for line in lines)
