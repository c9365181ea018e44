"""What does not change is not made again."""

from axonhub_cli.ir.change import changed


def test_a_tuple_in_which_nothing_changes_is_the_same() -> None:
    items = ("a", "b")
    assert changed(items, lambda item: item) is items
    assert changed((), lambda item: item) == ()


def test_everything_behind_the_first_new_one_is_looked_at_too() -> None:
    assert changed(("a", "b", "a"), lambda item: "x" if item == "a" else item) == ("x", "b", "x")
