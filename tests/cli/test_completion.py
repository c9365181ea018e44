import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.cli import Cli

FOLDER = Path(__file__).parents[2] / "completions"
FILES = {
    "bash": "axonhub.bash",
    "zsh": "_axonhub",
    "fish": "axonhub.fish",
    "powershell": "axonhub.ps1",
}


@pytest.mark.parametrize("shell", FILES)
def test_the_files_are_what_the_command_prints(cli: Cli, shell: str) -> None:
    assert cli.ok("completion", shell).out == (FOLDER / FILES[shell]).read_text()


def test_there_is_no_other_file() -> None:
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted(FILES.values())


def test_an_unknown_shell_is_refused_with_the_known_ones(cli: Cli) -> None:
    said = cli.fails("completion", "tcsh")
    assert "'tcsh' is not one of 'bash', 'zsh', 'fish', 'powershell'" in said
    assert "missing argument 'SHELL'" in cli.fails("completion")


Complete = Callable[[str], list[str]]


@pytest.fixture
def complete(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Complete:
    """What bash would offer behind words, asked by the protocol of the scripts."""

    def ask(words: str) -> list[str]:
        asked = {
            "_AXONHUB_COMPLETE": "complete_bash",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split(" ")) - 1),
        }
        with monkeypatch.context() as patch:
            for name, value in (cli.environ | asked).items():
                patch.setenv(name, value)
            patch.setattr(cli, "environ", os.environ)
            answer = cli.ok()
        assert answer.err == ""
        return answer.out.split()

    return ask


def test_commands_verbs_options_and_values_complete(complete: Complete) -> None:
    assert complete("axonhub chan") == ["channel"]
    assert complete("axonhub channel re") == ["remove", "rename"]
    assert complete("axonhub channel add --token-") == [
        *("--token-stdin", "--token-env", "--token-command")
    ]
    assert complete("axonhub channel add --type ec") == ["echo"]
    assert complete("axonhub channel add --auth b") == ["bearer"]
    assert complete("axonhub config get server.p") == [
        *("server.port", "server.ping_interval", "server.price_updates")
    ]


def test_shells_and_clients_complete(complete: Complete) -> None:
    assert complete("axonhub env --shell ") == ["bash", "zsh", "fish", "powershell", "cmd"]
    assert complete("axonhub run ") == ["claude"]
    assert complete("axonhub env --tool c") == ["claude"]


def test_names_of_the_configuration_complete(cli: Cli, complete: Complete) -> None:
    cli.add_channel("main")
    assert complete("axonhub channel show m") == ["main"]
    assert complete("axonhub profile use ") == []


@pytest.fixture
def shell_environ(cli: Cli, tmp_path: Path) -> dict[str, str]:
    """An environment in which a shell finds `axonhub`."""
    program = tmp_path / "axonhub"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m axonhub_cli "$@"\n')
    program.chmod(0o755)
    return cli.environ | {"PATH": f"{tmp_path}{os.pathsep}{cli.environ['PATH']}"}


def run_shell(environ: dict[str, str], *command: str) -> str:
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_the_bash_script_completes_in_bash(shell_environ: dict[str, str]) -> None:
    script = (
        f"source {FOLDER / FILES['bash']}\n"
        "COMP_WORDS=(axonhub channel re); COMP_CWORD=2\n"
        "_axonhub_completion axonhub\n"
        'echo "${COMPREPLY[@]}"\n'
    )
    assert run_shell(shell_environ, "bash", "--norc", "-c", script) == "remove rename\n"


@pytest.mark.skipif(shutil.which("fish") is None, reason="needs fish")
def test_the_fish_script_completes_in_fish(shell_environ: dict[str, str]) -> None:
    script = f"source {FOLDER / FILES['fish']}; complete -C 'axonhub channel re'"
    lines = run_shell(shell_environ, "fish", "--no-config", "-c", script).splitlines()
    assert [line.split("\t")[0] for line in lines] == ["remove", "rename"]


@pytest.mark.skipif(shutil.which("zsh") is None, reason="needs zsh")
def test_the_zsh_script_asks_and_offers_what_comes_back(shell_environ: dict[str, str]) -> None:
    script = (
        "compdef() { true; }; _arguments() { print -r -- $1; }\n"
        f"source {FOLDER / FILES['zsh']}\n"
        "words=(axonhub channel re); CURRENT=3; _axonhub_completion\n"
    )
    shown = run_shell(shell_environ, "zsh", "-f", "-c", script)
    assert '"remove":' in shown and '"rename":' in shown
