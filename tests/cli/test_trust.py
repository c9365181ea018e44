from pathlib import Path

import pytest

from axonhub_cli.cli.trust import VARIABLE, trusted_file


@pytest.fixture
def cert(tmp_path: Path) -> str:
    file = tmp_path / "ours.pem"
    file.write_text("OURS\n")
    return str(file)


def test_alone_the_certificate_itself_is_the_file(cert: str, tmp_path: Path) -> None:
    assert trusted_file(cert, tmp_path / "cache", {}) == cert
    assert trusted_file(cert, tmp_path / "cache", {VARIABLE: cert}) == cert
    assert not (tmp_path / "cache").exists()


def test_certificates_that_the_user_trusts_stay_trusted(cert: str, tmp_path: Path) -> None:
    (tmp_path / "corp.pem").write_text("CORP")
    environ = {VARIABLE: str(tmp_path / "corp.pem")}
    bundle = trusted_file(cert, tmp_path / "cache", environ)
    assert Path(bundle).read_text() == "CORP\nOURS\n"
    assert trusted_file(cert, tmp_path / "cache", environ) == bundle
    assert trusted_file(cert, tmp_path / "cache", {VARIABLE: bundle}) == bundle


def test_a_new_certificate_gets_into_the_bundle(cert: str, tmp_path: Path) -> None:
    (tmp_path / "corp.pem").write_text("CORP")
    environ = {VARIABLE: str(tmp_path / "corp.pem")}
    bundle = trusted_file(cert, tmp_path / "cache", environ)
    Path(cert).write_text("NEW\n")
    assert trusted_file(cert, tmp_path / "cache", environ) == bundle
    assert Path(bundle).read_text() == "CORP\nNEW\n"


def test_a_file_that_is_gone_is_no_obstacle(cert: str, tmp_path: Path) -> None:
    environ = {VARIABLE: str(tmp_path / "gone.pem")}
    assert trusted_file(cert, tmp_path / "cache", environ) == cert
