function __axonhub_complete --argument-names action
    env _AXONHUB_COMPLETE=complete_fish _TYPER_COMPLETE_FISH_ACTION=$action \
        _TYPER_COMPLETE_ARGS=(commandline -cp) axonhub 2>/dev/null
end

complete --command axonhub --no-files --arguments "(__axonhub_complete get-args)" \
    --condition "__axonhub_complete is-args"
