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
