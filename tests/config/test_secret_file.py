from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.config.secret_file import SecretFile
from axonhub_cli.errors import SecretError


def test_values_are_kept_by_name(tmp_path: Path) -> None:
    file = SecretFile(tmp_path / "new" / "secrets.toml")
    assert file.get("channel/a/1") is None
    file.set("channel/a/1", "one")
    file.set("channel/b/1", "two")
    file.delete("channel/a/1")
    file.delete("channel/none/1")
    assert (file.get("channel/a/1"), file.get("channel/b/1")) == (None, "two")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")
def test_the_file_is_private_and_has_no_backup(tmp_path: Path) -> None:
    file = SecretFile(tmp_path / "secrets.toml")
    file.set("a", "one")
    (tmp_path / "secrets.toml").chmod(0o644)
    file.set("a", "two")
    assert (tmp_path / "secrets.toml").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        ".secrets.toml.lock",
        "secrets.toml",
    ]


def test_a_damaged_file_is_told_without_its_content(tmp_path: Path) -> None:
    path = tmp_path / "secrets.toml"
    for text, reason in (('"a" = hidden-part', "not valid TOML"), ("a = [1]", "nothing but names")):
        path.write_text(text)
        with pytest.raises(SecretError, match=reason) as caught:
            SecretFile(path).get("a")
        assert "hidden-part" not in repr(caught.value)
        assert caught.value.__cause__ is None


@given(st.text(min_size=1), st.text())
def test_any_text_comes_back(
    tmp_path_factory: pytest.TempPathFactory, name: str, value: str
) -> None:
    file = SecretFile(tmp_path_factory.getbasetemp() / "any" / "secrets.toml")
    file.set(name, value)
    assert file.get(name) == value
