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


SPARED = """
import gc
from axonhub_cli.daemon.memory import spare_what_stays
kept = [[] for _ in range(10_000)]
spare_what_stays()
assert not any(each is kept for each in gc.get_objects())
new = []
new.append(new)
del new
print(gc.get_freeze_count() >= 10_000, gc.collect() > 0)
"""


def test_what_a_start_has_made_is_not_walked_again_but_new_cycles_are_found() -> None:
    told = subprocess.check_output([sys.executable, "-c", SPARED], text=True)
    assert told.split() == ["True", "True"]
