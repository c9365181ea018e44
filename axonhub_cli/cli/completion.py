"""`axonhub completion SHELL`: the script that makes a shell complete axonhub's command line."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from axonhub_cli.cli import output
from axonhub_cli.cli.commands import single

app = single()

Shell = Literal["bash", "zsh", "fish", "powershell"]


@app.command()
def completion(
    shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh, fish, powershell.")],
) -> None:
    """Print a completion script: `source <(axonhub completion bash)` in a shell's start file."""
    output.line(script(shell))


def script(shell: Shell) -> str:
    """The script for one shell, without its last line break; `completions/` holds the same."""
    return _SCRIPTS[shell].strip()


def register_shells() -> None:
    """Make Typer answer what those scripts ask (`_AXONHUB_COMPLETE=complete_bash axonhub`)."""
    from typer._completion_classes import completion_init

    completion_init()


# Ours and not Typer's, so that the files in `completions/` do not depend on Typer's version. What
# they ask (the variables' names, the answer's form) is Typer's protocol, the same since 0.12.
_SCRIPTS: dict[Shell, str] = {
    "bash": r"""
_axonhub_completion() {
    local IFS=$'\n'
    COMPREPLY=( $( env COMP_WORDS="${COMP_WORDS[*]}" \
                   COMP_CWORD=$COMP_CWORD \
                   _AXONHUB_COMPLETE=complete_bash "$1" 2>/dev/null ) )
    return 0
}

complete -o default -F _axonhub_completion axonhub
""",
    "zsh": r"""
#compdef axonhub

_axonhub_completion() {
  eval "$(env _TYPER_COMPLETE_ARGS="${words[1,$CURRENT]}" \
              _AXONHUB_COMPLETE=complete_zsh axonhub 2>/dev/null)"
}

compdef _axonhub_completion axonhub
""",
    "fish": r"""
function __axonhub_complete --argument-names action
    env _AXONHUB_COMPLETE=complete_fish _TYPER_COMPLETE_FISH_ACTION=$action \
        _TYPER_COMPLETE_ARGS=(commandline -cp) axonhub 2>/dev/null
end

complete --command axonhub --no-files --arguments "(__axonhub_complete get-args)" \
    --condition "__axonhub_complete is-args"
""",
    "powershell": r"""
$axonhubCompleter = {
    param($wordToComplete, $commandAst, $cursorPosition)
    $Env:_AXONHUB_COMPLETE = "complete_powershell"
    $Env:_TYPER_COMPLETE_ARGS = $commandAst.ToString()
    $Env:_TYPER_COMPLETE_WORD_TO_COMPLETE = $wordToComplete
    try {
        axonhub 2>$null | ForEach-Object {
            $value, $text = $_ -split ":::", 2
            [System.Management.Automation.CompletionResult]::new(
                $value, $value, "ParameterValue", $text)
        }
    } finally {
        Remove-Item Env:_AXONHUB_COMPLETE, Env:_TYPER_COMPLETE_ARGS
        Remove-Item Env:_TYPER_COMPLETE_WORD_TO_COMPLETE -ErrorAction SilentlyContinue
    }
}
Register-ArgumentCompleter -Native -CommandName axonhub -ScriptBlock $axonhubCompleter
""",
}
