from axonhub_cli.cli.transcript import write_transcript
from axonhub_cli.tracing.asked import ToolResult
from axonhub_cli.tracing.conversation import ToolCall
from axonhub_cli.tracing.rows import Tokens, TraceRow
from axonhub_cli.tracing.session import Agent, Aside, SessionView, SideRequests, Step, Turn
from tests.tracing.requests import NOON, row


def test_a_transcript_tells_words_calls_and_results() -> None:
    step = Step(
        request=row(model="m", channel="main", total_ms=1500.0),
        agent="a1",
        depth=1,
        repeated=False,
        prompt="find\nbugs",
        results=(
            ToolResult("t0", "it said `no`", True),
            ToolResult("t9", "", False),
            ToolResult("t8", "```\n" + "long " * 900, False),
        ),
        text="None here.",
        calls=(ToolCall("t1", "Bash", "{}"),),
        thinking=False,
        label="compacted",
    )
    turn = Turn(
        at=NOON,
        user="hello",
        attachments=0,
        continued=True,
        steps=(step,),
        agents=(Agent(id="a1", parent=None, call_id=None, name="Explore", steps=(step,)),),
        side=(SideRequests("title", (Aside(row(), "name it", "A name"),)),),
    )
    trace = TraceRow(
        seq=1,
        id="t",
        thread_id=None,
        client=None,
        title=None,
        started_at=NOON,
        updated_at=NOON,
        requests=2,
        models=("m",),
        channels=("main",),
        status="completed",
        tokens=Tokens(),
        cost_usd=None,
    )
    lines = write_transcript(SessionView(trace, (turn,))).splitlines()
    for line in (
        "# t",
        "## Turn 1 (continued)",
        "> hello",
        "### subagent `a1` (Explore), m by main (completed, 1.5 s, compacted)",
        "> bugs",
        "- result (failed): `` it said `no` ``",
        "- result: (nothing)",
        "None here.",
        "- call Bash ` {} `",
        "*1 beside the conversation: title*",
        "- asked: ` name it `",
        "- answered: ` A name `",
        "  ````",
        "  ```",
        "  " + "long " * 899 + "long",
    ):
        assert line in lines
