from tests.cli.conftest import OTHER, SESSION
from tests.support.home import Home


def test_sessions_are_listed_with_what_they_were_about(recorded: Home) -> None:
    shown = recorded.axonhub("trace").stdout
    head, first, second = sorted(shown.splitlines(), key=lambda line: not line.startswith("ID"))
    assert head.split()[:3] == ["ID", "CHANGED", "CLIENT"]
    both = f"{first}\n{second}"
    assert "list the files please" in both
    assert SESSION[:8] in both
    assert SESSION not in both


def test_the_list_as_json_has_the_contracts_keys(recorded: Home) -> None:
    found = {trace["id"]: trace for trace in recorded.json("trace", "list")}
    session = found[SESSION]
    assert session["client"] == "claude-code"
    assert session["requests"] == 4
    assert session["models"] == ["claude-x"]
    assert session["channels"] == ["first", "second"]
    assert session["status"] == "completed"
    assert session["tokens"]["output"] == 15
    assert session["title"] == "list the files please"
    assert {"thread_id", "started_at", "updated_at", "cost_usd"} <= session.keys()


def test_filters_narrow_the_list(recorded: Home) -> None:
    def ids(*options: str) -> set[str]:
        return {trace["id"] for trace in recorded.json("trace", "list", *options)}

    assert ids("--status", "failed") == {OTHER}
    assert ids("--channel", "first") == {SESSION}
    assert ids("--since", "1d", "--client", "claude-code", "--model", "claude-x") == {
        SESSION,
        OTHER,
    }
    assert ids("--client", "codex") == set()
    assert ids("--model", "y-1") == {SESSION, OTHER}
    unknown = recorded.axonhub("trace", "list", "--thread", "nobody", check=False)
    assert (unknown.returncode, "no thread 'nobody'" in unknown.stderr) == (1, True)


def test_the_list_is_searched_by_words_and_by_cost(recorded: Home) -> None:
    def ids(*options: str) -> set[str]:
        return {trace["id"] for trace in recorded.json("trace", "list", *options)}

    assert ids("--text", "LIST files") == {SESSION}
    assert ids("--text", "bugs") == {SESSION}
    assert ids("--text", "list nowhere") == set()
    assert ids("--min-cost", "1000") == set()
    assert len(recorded.json("request", "list", "--text", "README.md")) == 1
    empty = recorded.axonhub("trace", "list", "--text", " ", check=False)
    assert (empty.returncode, "--text needs" in empty.stderr) == (2, True)


def test_a_list_that_is_cut_says_so(recorded: Home) -> None:
    done = recorded.axonhub("trace", "list", "--limit", "1")
    assert len(done.stdout.splitlines()) == 2
    assert "--limit" in done.stderr
    assert recorded.axonhub("trace", "list", "--limit", "2").stderr == ""


def test_without_any_trace_the_next_step_is_told(home: Home) -> None:
    done = home.axonhub("trace", "list")
    assert done.stdout == ""
    assert "no traces yet" in done.stderr
    assert "axonhub env" in done.stderr
    assert home.json("trace", "list") == []
    assert not home.paths.trace_db.exists()


def test_with_a_filter_an_empty_list_says_that_nothing_matches(recorded: Home) -> None:
    assert "no trace matches" in recorded.axonhub("trace", "list", "--client", "x").stderr


def test_a_session_is_shown_as_a_conversation(recorded: Home) -> None:
    lines = recorded.axonhub("trace", "show", SESSION[:8]).stdout.splitlines()
    shown = [line.strip() for line in lines]
    story = [
        "1 ▸ list the files",
        "please",
        "✗ first: it answered 529 (Overloaded)",
        "I will look.",
        '→ Bash {"command":"ls"}',
        "← Bash: README.md",
        "There is a README.md.",
        "▸ subagent: find bugs",
        "No bugs found.",
        "+ 1 token count",
    ]
    places = [next(i for i, line in enumerate(shown) if line.startswith(part)) for part in story]
    assert places == sorted(places)


def test_a_failed_session_shows_the_reason_once_and_no_escape_sequence(recorded: Home) -> None:
    shown = recorded.axonhub("trace", "show", OTHER).stdout
    assert "failed 400" in shown
    assert shown.count("that is") == 1
    assert "\x1b" not in shown
    assert "\x07" not in shown


def test_a_session_as_json_has_its_turns(recorded: Home) -> None:
    found = recorded.json("trace", "show", SESSION)
    assert found["id"] == SESSION
    (turn,) = found["turns"]
    assert turn["user"] == "list the files\nplease"
    assert [step["text"] for step in turn["steps"]] == [
        "I will look.",
        "There is a README.md.",
        "No bugs found.",
    ]


def test_an_unknown_trace_is_an_error_with_the_way_to_the_list(recorded: Home) -> None:
    done = recorded.axonhub("trace", "show", "nothing", check=False)
    assert done.returncode == 1
    assert "'nothing'" in done.stderr
    assert "axonhub trace list" in done.stderr


def test_an_ambiguous_id_is_an_error_with_the_choices(recorded: Home) -> None:
    done = recorded.axonhub("trace", "show", "5e55", check=False)
    assert done.returncode == 1
    assert SESSION in done.stderr
    assert OTHER in done.stderr
