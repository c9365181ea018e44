"""The limit on silence: what it ends, what it leaves alone."""

from __future__ import annotations

import asyncio

import pytest

from axonhub_cli.errors import UpstreamTimeout
from axonhub_cli.proxy.silence import SilenceLimit


def test_too_long_a_silence_is_an_upstream_timeout() -> None:
    async def story() -> None:
        async with SilenceLimit(0.01, "nothing came"):
            await asyncio.Event().wait()

    with pytest.raises(UpstreamTimeout, match="nothing came"):
        asyncio.run(story())


def test_the_task_can_be_awaited_in_after_a_timeout() -> None:
    async def story() -> int:
        with pytest.raises(UpstreamTimeout):
            async with SilenceLimit(0.01, "x"):
                await asyncio.Event().wait()
        task = asyncio.current_task()
        assert task is not None
        await asyncio.sleep(0)
        return task.cancelling()

    assert asyncio.run(story()) == 0


def test_a_sign_of_life_moves_the_limit_and_may_shorten_it() -> None:
    async def story() -> None:
        async with SilenceLimit(3600, "first") as silence:
            silence.heard(limit=0.01, message="then nothing")
            await asyncio.Event().wait()

    with pytest.raises(UpstreamTimeout, match="then nothing"):
        asyncio.run(story())


def test_signs_of_life_keep_a_long_answer_going() -> None:
    async def story() -> int:
        steps = 0
        async with SilenceLimit(0.05, "x") as silence:
            loop = asyncio.get_running_loop()
            end = loop.time() + 0.2
            while loop.time() < end:
                silence.heard(limit=0.05, message="x")
                steps += 1
                await asyncio.sleep(0)
        return steps

    assert asyncio.run(story()) > 1


def test_waiting_for_a_slow_client_is_not_the_upstreams_silence() -> None:
    async def story() -> str:
        async with SilenceLimit(0.02, "x") as silence:
            silence.writing(True)
            loop = asyncio.get_running_loop()
            passed = asyncio.Event()
            loop.call_later(0.1, passed.set)
            await passed.wait()
            silence.writing(False)
        return "written"

    assert asyncio.run(story()) == "written"


def test_less_silence_is_enough_once_it_is_said_so() -> None:
    async def story() -> None:
        said = asyncio.Event()
        async with SilenceLimit(3600, "x") as silence:
            silence.shorten(0.01, once=said.is_set)
            silence.heard(limit=1800, message="x")
            asyncio.get_running_loop().call_later(0.05, said.set)
            try:
                await asyncio.Event().wait()
            finally:
                assert said.is_set()

    with pytest.raises(UpstreamTimeout):
        asyncio.run(story())


def test_a_shorter_limit_does_not_count_a_slow_clients_time() -> None:
    async def story() -> str:
        async with SilenceLimit(3600, "x") as silence:
            silence.shorten(0.01, once=lambda: True)
            silence.writing(True)
            passed = asyncio.Event()
            asyncio.get_running_loop().call_later(0.05, passed.set)
            await passed.wait()
        return "written"

    assert asyncio.run(story()) == "written"


def test_a_cancellation_from_outside_stays_one() -> None:
    async def story() -> None:
        async def work() -> None:
            async with SilenceLimit(3600, "x"):
                await asyncio.Event().wait()

        task = asyncio.get_running_loop().create_task(work())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(story())


def test_a_quick_end_leaves_no_timer_behind() -> None:
    async def story() -> str:
        async with SilenceLimit(0.01, "x"):
            pass
        passed = asyncio.Event()
        asyncio.get_running_loop().call_later(0.03, passed.set)
        await passed.wait()
        return "still here"

    assert asyncio.run(story()) == "still here"
