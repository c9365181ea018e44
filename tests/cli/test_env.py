from tests.support.home import KEY, Home


def test_the_full_command_line_prints_what_the_short_way_does(home: Home) -> None:
    home.configure()
    short = home.axonhub("env", "--shell", "bash")
    full = home.axonhub("--debug", "env", "--shell", "bash")
    assert KEY in full.stdout
    assert short.stdout == full.stdout
    assert short.stderr == full.stderr


def test_help_names_every_option(home: Home) -> None:
    shown = home.axonhub("env", "--help").stdout
    for option in ("--tool", "--key", "--shell", "--unset", "--json"):
        assert option in shown


def test_a_misspelt_option_is_a_usage_error(home: Home) -> None:
    done = home.axonhub("env", "--shel", "zsh", check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "error: " in done.stderr
