"""A channel's file of certificate authorities: is it one?"""

from __future__ import annotations

from pathlib import Path

import pytest

from axonhub_cli.config.rules_network import check_ca_file, check_ca_path
from tests.support.certificate import make_certificate


def test_a_pem_file_of_certificates_is_one(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    assert check_ca_file(str(certificate)) is None
    assert "is not a PEM file" in (check_ca_file(str(key)) or "")


def test_what_is_none_is_said(tmp_path: Path) -> None:
    assert "No such file" in (check_ca_file(str(tmp_path / "none.pem")) or "")
    assert "cannot be read" in (check_ca_file(str(tmp_path)) or "")
    (tmp_path / "empty.pem").write_text("")
    assert "is not a PEM file" in (check_ca_file(str(tmp_path / "empty.pem")) or "")


@pytest.mark.parametrize(
    ("path", "whole"),
    [
        ("/a/ca.pem", True),
        ("~/ca.pem", True),
        ("ca", False),
        ("~nobody-here/ca.pem", False),
        ("/a/\0.pem", False),
    ],
)
def test_its_path_is_whole(path: str, whole: bool) -> None:
    assert (check_ca_path(path) is None) is whole


def test_the_home_of_somebody_unknown_is_no_fault_of_ours() -> None:
    assert "cannot be read" in (check_ca_file("~nobody-here/ca.pem") or "")
