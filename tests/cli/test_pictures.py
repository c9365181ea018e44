from axonhub_cli.cli.pictures import bar, span, spark


def test_values_are_letters_as_high_as_they_are() -> None:
    assert spark([0, 1, None, 7, 3.5], 10) == "▁▂ █▅"
    assert spark([0, None], 10) == "▁ "


def test_too_many_values_are_joined_by_the_largest() -> None:
    assert spark([1, 7, 0, None, None, None], 3) == "█▁ "


def test_a_bar_is_exact_to_an_eighth() -> None:
    assert bar(4, 8, 5) == "██▌"
    assert bar(9, 8, 2) == "██"
    assert bar(1, 0, 2) == ""


def test_a_span_stands_where_it_ran() -> None:
    assert span(2, 4, 0, 8, 8) == "  ▇▇    "
    assert span(8, 8, 0, 8, 4) == "   ▇"
    assert span(1, 1, 1, 1, 3) == "▇▇▇"
