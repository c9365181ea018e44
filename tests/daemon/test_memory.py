from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from axonhub_cli.daemon import memory

FAULTS = """
import resource
from axonhub_cli.daemon.memory import keep_freed_memory
{first}
def work():
    for _ in range(200):
        kept = [bytes(2 << 20) for _ in range(2)]
        kept.clear()
work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="a setting of glibc")
def test_large_bodies_are_put_where_the_last_ones_were() -> None:
    faults = [
        int(subprocess.check_output([sys.executable, "-c", FAULTS.format(first=first)]))
        for first in ("", "assert keep_freed_memory()")
    ]
    assert faults[1] < faults[0] / 10


def test_another_system_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert memory.keep_freed_memory() is False
