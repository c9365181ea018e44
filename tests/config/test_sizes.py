import pytest

from axonhub_cli.config.sizes import size, written


@pytest.mark.parametrize(
    ("text", "expected"),
    [("500MB", 500_000_000), ("2GB", 2_000_000_000), ("1.5 gib", 1_610_612_736), ("7b", 7)],
)
def test_an_amount_of_bytes_is_read(text: str, expected: int) -> None:
    assert size(text) == expected


@pytest.mark.parametrize("text", ["", "2", "GB", "2 G", "-1GB", "1e3MB", "2GBB", "1IB"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a size"):
        size(text)


@pytest.mark.parametrize(
    ("amount", "expected"),
    [(0, "0 B"), (999, "999 B"), (1500, "1.5 KB"), (312_400_000, "312 MB"), (2 * 10**12, "2.0 TB")],
)
def test_an_amount_is_written_for_a_reader(amount: int, expected: str) -> None:
    assert written(amount) == expected
