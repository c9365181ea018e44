import shutil
import subprocess
from pathlib import Path

import pytest

from axonhub_cli.cli.shells import SHELLS, find_shell, parent_name, render
from axonhub_cli.errors import UsageError

NASTY = {
    "plain": "http://localhost:8090/anthropic",
    "nothing": "",
    "one-space": "a b c",
    "spaces": "  a   b  ",
    "only-spaces": "   ",
    "space-before-glob": "a  * b ?",
    "glob": "*.corp.example,10.*,[::1],a?c",
    "star": "*",
    "quotes": """it's "quoted" ''twice''""",
    "expansion": "$HOME ${HOME} $(echo no) `echo no` !!",
    "backslashes": "C:\\Users\\me\\new\\",
    "comment": "a #b ;c &d |e <f >g (h) {i,j} ~",
    "tab": "a\tb",
    "leading-dash": "-n x",
    "unicode": "/home/zoë/证书.pem",
    "tilde": "~/x:~",
    "brace": "{a,b}",
    "percent": "%c%s",
}

sh_like = pytest.mark.parametrize("shell", ["bash", "dash", "zsh", "busybox"])
each_value = pytest.mark.parametrize("value", NASTY.values(), ids=NASTY.keys())


def evaluate(argv: list[str], script: str, *, output: str, folder: Path) -> str:
    """Run `script` (which calls `axonhub`) where `axonhub` prints `output`."""
    program = folder / "axonhub"
    (folder / "output").write_text(output, encoding="utf-8")
    program.write_text(f"#!/bin/sh\ncat '{folder}/output'\n")
    program.chmod(0o755)
    # A folder full of what a careless glob would match.
    trap = folder / "trap"
    trap.mkdir()
    for name in ("a", "abc", "x.corp.example"):
        (trap / name).touch()
    result = subprocess.run(
        [*argv, script],
        cwd=trap,
        env={"PATH": f"{folder}:/usr/bin:/bin", "HOME": str(folder), "GONE": "x"},
        capture_output=True,
        text=True,
        timeout=15,
        check=True,
    )
    assert result.stderr == ""
    return result.stdout


def installed(shell: str) -> list[str]:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    return {"busybox": ["busybox", "sh", "-c"], "fish": ["fish", "--no-config", "-c"]}.get(
        shell, [shell, "-c"]
    )


@each_value
@pytest.mark.parametrize("quote", ["", '"'], ids=["unquoted", "quoted"])
@sh_like
def test_a_value_comes_through_eval_in_sh_like_shells(
    shell: str, quote: str, value: str, tmp_path: Path
) -> None:
    output = render("bash", {"VALUE": value, "SECOND": "2"}, ["GONE"])
    script = f"eval {quote}$(axonhub env){quote}; printenv VALUE SECOND; echo ${{GONE-gone}}"
    found = evaluate(installed(shell), script, output=output, folder=tmp_path)
    assert found == f"{value}\n2\ngone\n"


@each_value
@pytest.mark.parametrize("options", ["nullglob", "failglob", "extglob"])
def test_bash_glob_options_do_not_matter(options: str, value: str, tmp_path: Path) -> None:
    output = render("bash", {"VALUE": value}, [])
    script = f"shopt -s {options}; eval $(axonhub env); printenv VALUE"
    found = evaluate(installed("bash"), script, output=output, folder=tmp_path)
    assert found == f"{value}\n"


@each_value
@pytest.mark.parametrize("call", ["eval (axonhub env)", "axonhub env | source"])
def test_a_value_comes_through_in_fish(call: str, value: str, tmp_path: Path) -> None:
    output = render("fish", {"VALUE": value, "SECOND": "2"}, ["GONE"])
    script = f"{call}; printenv VALUE SECOND; set -q GONE; or echo gone"
    found = evaluate(installed("fish"), script, output=output, folder=tmp_path)
    assert found == f"{value}\n2\ngone\n"


@each_value
def test_sh_output_holds_nothing_that_an_unquoted_substitution_spoils(value: str) -> None:
    output = render("bash", {"VALUE": value}, ["GONE"])
    assert not set(output) & set("*?[]\\\t")
    assert "  " not in output
    assert all(line.endswith(";") for line in output.splitlines())
    assert len(output.splitlines()) == 2


def test_plain_values_are_not_quoted() -> None:
    assert render("zsh", {"A": "http://localhost:8090/anthropic"}, ["B"]) == (
        "export A=http://localhost:8090/anthropic;\nunset B;\n"
    )


def test_powershell_doubles_each_kind_of_single_quote() -> None:
    assert render("powershell", {"A": "it's ‘so’ $x"}, ["B"]) == (
        "$env:A = 'it''s ‘‘so’’ $x';\nRemove-Item Env:B -ErrorAction SilentlyContinue;\n"
    )


def test_cmd_keeps_its_operators_inside_the_quotes() -> None:
    assert render("cmd", {"A": "a&b"}, ["B"]) == 'SET "A=a&b"\nSET "B="\n'


@pytest.mark.parametrize("shell", SHELLS)
def test_a_line_break_in_a_value_is_refused(shell: str) -> None:
    with pytest.raises(UsageError, match="VALUE"):
        render(shell, {"VALUE": "a\nb"}, [])


@pytest.mark.parametrize(
    ("name", "shell"),
    [("zsh", "zsh"), ("dash", "bash"), ("/bin/sh", "bash"), ("pwsh", "powershell")],
)
def test_a_shell_is_known_by_its_names(name: str, shell: str) -> None:
    assert find_shell(name, {}, parent="fish") == shell


def test_an_unknown_shell_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError) as caught:
        find_shell("nushell", {}, parent="")
    assert "fish" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("environ", "shell"),
    [
        ({}, "bash"),
        ({"SHELL": "/usr/bin/fish"}, "fish"),
        ({"SHELL": "/bin/zsh"}, "zsh"),
        ({"SHELL": "/usr/bin/nu"}, "bash"),
        ({"PSModulePath": "/opt/microsoft/powershell/7/Modules"}, "powershell"),
    ],
)
def test_the_login_shell_is_taken_when_the_caller_is_no_shell(
    environ: dict[str, str], shell: str
) -> None:
    assert find_shell(None, environ, parent="uv") == shell


@pytest.mark.parametrize(
    ("parent", "shell"), [("fish", "fish"), ("dash", "bash"), ("pwsh", "powershell")]
)
def test_a_calling_shell_beats_the_login_shell(parent: str, shell: str) -> None:
    assert find_shell(None, {"SHELL": "/bin/zsh"}, parent=parent) == shell


def test_the_calling_process_has_a_name() -> None:
    assert isinstance(parent_name(), str)
