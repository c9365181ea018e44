from axonhub_cli.tracing.roots import Roots


def test_the_session_at_the_top_is_found_over_all_between() -> None:
    roots = Roots()
    for session, parent in (("d", "c"), ("c", "b"), ("b", "a")):
        roots.find(session, parent)
    assert [roots.find(*pair) for pair in ("ba", "cb", "dc", "ed")] == ["a"] * 4


def test_sessions_that_name_each_other_are_their_own_top() -> None:
    roots = Roots()
    assert roots.find("a", "a") == "a"
    assert roots.find("a", "b") == "b"
    assert roots.find("b", "a") == "a"
    assert roots.find("c", "a") in ("a", "b")


def test_old_sessions_are_forgotten() -> None:
    roots = Roots()
    roots.find("b", "a")
    for number in range(2000):
        roots.find(f"s{number}", "top")
    assert roots.find("c", "b") == "b"
