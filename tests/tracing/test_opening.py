import os
import sys
import tempfile
from pathlib import Path

import pytest

from axonhub_cli.errors import StoreError
from axonhub_cli.tracing.queries import TraceReader
from tests.tracing.records import record, store


def test_no_file_is_an_empty_store(tmp_path: Path) -> None:
    with TraceReader(tmp_path / "traces.db") as reader:
        assert reader.list_traces() == []
        assert reader.list_requests() == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no such modes")
def test_a_file_in_a_folder_that_is_read_only_can_be_read() -> None:
    # Outside pytest's own folder, which nobody but its owner may enter.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store(folder / "traces.db", [record("r1")]).close()
        (folder / "traces.db").chmod(0o444)
        folder.chmod(0o555)
        me = os.geteuid()
        if me == 0:
            os.seteuid(65534)
        try:
            with TraceReader(folder / "traces.db") as reader:
                assert [request.id for request in reader.list_requests()] == ["r1"]
        finally:
            os.seteuid(me)
            folder.chmod(0o755)


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no such modes")
def test_a_file_of_another_users_is_named_once_with_the_reason() -> None:
    with tempfile.TemporaryDirectory() as name:
        closed = Path(name, "closed")
        closed.mkdir(mode=0o700)
        closed.chmod(0o000)
        me = os.geteuid()
        if me == 0:
            os.seteuid(65534)
        try:
            with pytest.raises(StoreError) as caught:
                TraceReader(closed / "traces.db")
        finally:
            os.seteuid(me)
            closed.chmod(0o700)
    assert caught.value.message == (
        f"cannot read the trace file {closed / 'traces.db'}: Permission denied"
    )


def test_a_file_that_is_no_database_says_so(tmp_path: Path) -> None:
    (tmp_path / "traces.db").write_bytes(b"no database " * 900)
    with pytest.raises(StoreError, match="cannot read the trace file") as caught:
        TraceReader(tmp_path / "traces.db")
    assert "sets a damaged file aside" in (caught.value.hint or "")
