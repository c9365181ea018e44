"""Who issued a signature: remembered over restarts, in bounds, whatever became of the file."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.proxy.issuers import Issuers


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "issuers"


def test_an_issuer_is_known_after_a_restart(path: Path) -> None:
    first = Issuers(path)
    assert first.issuer_of("sig-1") is None
    first.learn("anthropic", ["sig-1", "sig-2"])
    first.learn("api.deepseek.com", ["sig-3"])
    assert first.issuer_of("sig-1") == "anthropic"
    first.close()
    again = Issuers(path)
    assert [again.issuer_of(f"sig-{n}") for n in (1, 2, 3, 4)] == [
        "anthropic",
        "anthropic",
        "api.deepseek.com",
        None,
    ]


def test_what_was_learned_survives_a_kill(path: Path) -> None:
    Issuers(path).learn("anthropic", ["sig-1"])
    assert Issuers(path).issuer_of("sig-1") == "anthropic"


def test_signatures_themselves_are_not_kept(path: Path) -> None:
    Issuers(path).learn("anthropic", ["a-long-signature"])
    assert b"a-long-signature" not in path.read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="no modes there")
def test_the_file_is_private(path: Path) -> None:
    issuers = Issuers(path, most=2)
    issuers.learn("anthropic", ["1"])
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    issuers.learn("anthropic", map(str, range(9)))
    assert path.stat().st_mode & 0o777 == 0o600


def test_foreign_is_what_another_is_known_to_have_issued(path: Path) -> None:
    issuers = Issuers(path)
    issuers.learn("anthropic", ["ours"])
    issuers.learn("api.z.ai", ["theirs"])
    is_foreign = issuers.foreign_to("anthropic")
    assert [is_foreign(s) for s in ("ours", "theirs", "unknown")] == [False, True, False]


def test_an_upstream_cannot_claim_the_signature_of_another(path: Path) -> None:
    issuers = Issuers(path)
    issuers.learn("anthropic", ["sig"])
    issuers.learn("evil.example", ["sig"])
    assert issuers.issuer_of("sig") == "anthropic"
    assert Issuers(path).issuer_of("sig") == "anthropic"


def test_nothing_learned_is_nothing_written(path: Path) -> None:
    issuers = Issuers(path)
    issuers.learn("anthropic", ["", ""])
    issuers.learn("", ["sig"])
    issuers.flush()
    issuers.close()
    assert not path.exists()


def test_the_oldest_are_forgotten_and_the_used_are_kept(path: Path) -> None:
    issuers = Issuers(path, most=3)
    issuers.learn("a", ["1", "2", "3"])
    issuers.issuer_of("1")
    issuers.learn("a", ["4"])
    assert [issuers.issuer_of(s) for s in ("1", "2", "3", "4")] == ["a", None, "a", "a"]


def test_the_file_is_written_anew_when_most_of_it_is_outdated(path: Path) -> None:
    issuers = Issuers(path, most=10)
    for number in range(200):
        issuers.learn("a", [str(number)])
    assert path.read_bytes().count(b"\n") <= 20
    again = Issuers(path, most=10)
    assert [again.issuer_of(str(number)) for number in range(190, 200)] == ["a"] * 10
    assert [entry.name for entry in path.parent.iterdir()] == ["issuers"]


def test_a_line_cut_off_by_a_crash_costs_that_line_only(path: Path) -> None:
    Issuers(path).learn("a", ["1", "2"])
    path.write_bytes(path.read_bytes()[:-5])
    again = Issuers(path)
    again.learn("b", ["3"])
    last = Issuers(path)
    assert [last.issuer_of(s) for s in ("1", "3")] == ["a", "b"]


@given(st.binary(max_size=200), st.integers(0, 40))
def test_a_broken_file_costs_what_is_broken(
    tmp_path_factory: pytest.TempPathFactory, junk: bytes, at: int
) -> None:
    path = tmp_path_factory.mktemp("home") / "issuers"
    Issuers(path).learn("a", ["1", "2", "3"])
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[1][:at] + junk + b"\n" + lines[2])
    again = Issuers(path)
    assert again.issuer_of("1") == "a"
    assert again.issuer_of("3") == "a"
    again.learn("b", ["4"])
    assert Issuers(path).issuer_of("4") == "b"


def test_a_file_that_cannot_be_read_is_a_problem_and_no_failure(path: Path) -> None:
    path.mkdir(parents=True)
    issuers = Issuers(path)
    assert issuers.problem is not None and "cannot read" in issuers.problem
    issuers.learn("a", ["1"])
    assert "cannot write" in issuers.problem
    assert issuers.issuer_of("1") == "a"


def test_what_a_full_disk_held_back_is_written_later(path: Path) -> None:
    issuers = Issuers(path)
    path.parent.parent.joinpath("data").write_bytes(b"in the way")
    issuers.learn("a", ["1"])
    assert issuers.problem is not None
    path.parent.unlink()
    issuers.flush()
    assert issuers.problem is None
    assert Issuers(path).issuer_of("1") == "a"


def test_nothing_is_learned_after_the_end(path: Path) -> None:
    issuers = Issuers(path)
    issuers.close()
    issuers.close()
    issuers.learn("a", ["1"])
    assert issuers.issuer_of("1") is None
    assert not path.exists()


def test_odd_names_stay_one_line(path: Path) -> None:
    Issuers(path).learn("a\nname  with\tspaces é", ["1"])
    assert Issuers(path).issuer_of("1") == "a name with spaces é"


def test_threads_learn_side_by_side(path: Path) -> None:
    issuers = Issuers(path, most=500)

    def learn(name: int) -> None:
        for number in range(50):
            issuers.learn(f"t{name}", [f"{name}-{number}"])

    threads = [threading.Thread(target=learn, args=(name,)) for name in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    again = Issuers(path, most=500)
    assert all(again.issuer_of(f"{n}-{i}") == f"t{n}" for n in range(6) for i in range(50))


def test_a_question_does_not_wait_for_the_disk(path: Path) -> None:
    issuers = Issuers(path)
    issuers.learn("a", ["1"])
    with issuers._writing:
        assert issuers.issuer_of("1") == "a"


def test_it_is_known_whether_there_are_others_at_all(tmp_path: Path) -> None:
    issuers = Issuers(tmp_path / "issuers")
    assert not issuers.knows_others("a")
    issuers.learn("a", ["one"])
    assert not issuers.knows_others("a")
    assert issuers.knows_others("b")
    issuers.learn("b", ["two"])
    issuers.close()
    again = Issuers(tmp_path / "issuers")
    assert again.knows_others("a")
    assert again.knows_others("b")
    again.close()
