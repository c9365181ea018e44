"""The writer thread: takes records from the request path's queue and puts them into the store.

    put ──▶ queue ──▶ [ gather a batch ─▶ make entries ─▶ one transaction ] ──▶ traces.db
             │                                              │ failed
             └ over its limit: bodies are dropped            └ kept without bodies, tried again

Nothing that happens here reaches a request: what cannot be written is counted, and `problem`
says why.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from time import monotonic, thread_time, time

from msgspec import Struct
from msgspec.structs import replace

from axonhub_cli.config.schema import TraceSettings
from axonhub_cli.errors import StoreError
from axonhub_cli.jsonio import Json
from axonhub_cli.tracing.entries import (
    Context,
    Entry,
    ReadAnswer,
    finished_entry,
    running_entry,
)
from axonhub_cli.tracing.fingerprint import Keys, join_keys
from axonhub_cli.tracing.intake import BATCH_SECONDS, MAX_QUEUED_BYTES, Intake, Item, average_size
from axonhub_cli.tracing.lineage import MOST, Lineage
from axonhub_cli.tracing.pace import Pace, go_last
from axonhub_cli.tracing.prune import limits_of
from axonhub_cli.tracing.recorder import RequestRecord, Stage
from axonhub_cli.tracing.redact import Redactor
from axonhub_cli.tracing.spent import Charging, Spent, charge_nothing
from axonhub_cli.tracing.store import SqliteStore, StoreBroken, TraceStore

KEPT_ENTRIES = 1000
"""So many requests, without bodies, are kept while the file cannot be written."""

PRUNE_EVERY_S = 60.0
"""Between two looks for what is too old or too much."""
LEAST_MUCH, MUCH_SHARE = 1_000_000, 20
"""Or sooner, when so many bytes came, or such a share of what may stay."""
PRUNE_PAUSE_S = 0.02
"""Between two steps, which take about as long, while nothing has to be written."""
PAUSE_SHARE = 10
"""While something has to be written, a step is followed by a pause so many times as long: whatever
the load, what comes in does not outrun what goes. So is the work on a file that took nothing."""

STOPPED = "the daemon stopped before it ended"

logger = logging.getLogger("axonhub")


class _Open(Struct):
    """A request that has begun and not ended."""

    record: RequestRecord
    young: bool = True
    """Begun since the last batch: it may well end before the next, and need no row meanwhile."""
    written: bool = False


class TraceWriter:
    """Owns the one connection that writes. `put` is for the event loop's thread alone.

    `settings` and `secrets` (the values to keep out of the file) are asked once a batch.
    `read_answer` has a function for each protocol; give it those that leave out content, none is
    looked at.
    `charge` says what an answer cost; it may block.
    `observe` is told of each request that ended, in the writer's thread, before it is written.
    `owner`: this process is the home's daemon, so that requests another left running are dead.
    """

    def __init__(
        self,
        db: Path,
        *,
        settings: Callable[[], TraceSettings],
        secrets: Callable[[], Sequence[str]],
        read_answer: Mapping[str, ReadAnswer],
        max_queued_bytes: int = MAX_QUEUED_BYTES,
        lineage: Lineage | None = None,
        owner: bool = True,
        charge: Charging = charge_nothing,
        observe: Callable[[Entry], None] | None = None,
        store: TraceStore | None = None,
    ) -> None:
        self.lost = 0
        """Requests that could not be recorded at all."""
        self._store = store if store is not None else SqliteStore(db)
        self._settings = settings
        self._secrets = secrets
        self._read_answer = read_answer
        self._lineage = lineage
        if lineage is not None:
            lineage.restoring()
        self._owner = owner
        self._charge = charge
        self._observe = observe
        self._intake = Intake(max_queued_bytes)
        self._thread = threading.Thread(target=self._run, name="axonhub-traces", daemon=True)
        self._problem: str | None = None
        self._rules: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
        self._redactor = Redactor()
        self._good_patterns: Sequence[str] = ()
        self._rules_problem: str | None = None
        self._open: dict[str, _Open] = {}
        self._kept: Sequence[Entry] = ()
        self._stripped = 0
        self._pace = Pace(self._intake.pressure)
        self._pruning = False
        self._prune_at = self._check_at = self._write_at = 0.0
        self._brought, self._much = 0, LEAST_MUCH

    @property
    def problem(self) -> str | None:
        """Why traces are not being written; None while all is well."""
        return self._problem

    def told(self) -> dict[str, Json]:
        """What the user should know of besides: for `axonhub status`. Of this daemon's life."""
        return {
            "lost": self.lost,
            "bodies_dropped": self.bodies_dropped,
            "redact_error": self._rules_problem or self._redactor.problem,
        }

    @property
    def waiting(self) -> int:
        """Records that wait to be written, those kept included that a file has not taken."""
        return self._intake.waiting + len(self._kept)

    @property
    def waiting_bytes(self) -> int:
        """Bytes of bodies that wait to be written."""
        return self._intake.waiting_bytes

    @property
    def bodies_dropped(self) -> int:
        """Requests whose bodies were dropped, as the queue was full or the file not writable."""
        return self._intake.bodies_dropped + self._stripped

    def start(self) -> None:
        """Start the thread. Never raises for the file's sake: see `problem`."""
        self._thread.start()

    def put(self, record: RequestRecord, stage: Stage) -> None:
        """Queue a record; over the limit its bodies are dropped and counted, the record never."""
        if self._intake.closed:
            self.lost += stage == "finished"
        else:
            self._intake.put(record, stage)

    def close(self, timeout: float) -> bool:
        """Write what is queued and stop; False when that took longer than `timeout` seconds.

        Requests that are still running are recorded as failed.
        """
        self._intake.close()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        go_last()
        try:
            self._fail_running()
            self._restore_lineage()
            while not self._work():
                pass
            self._fail_running()
        finally:
            self._store.close()

    def _work(self) -> bool:
        """Gather a batch and write it; True when it was the last. Holds no record afterwards."""
        items, last = self._intake.gather(self._patience())
        self._pace.begin(average_size(items))
        try:
            self._write_batch(items, last=last)
        except Exception as error:
            self._lose(error, sum(item.stage == "finished" for item in items))
            self._let_go(items)
        self._intake.release(items)
        self._brought += sum(item.size for item in items)
        if not last:
            self._prune(idle=not items)
        return last

    def _let_go(self, items: Sequence[Item]) -> None:
        """Of what could not even be looked at, nobody may wait for anything."""
        for record in [item.record for item in items if item.stage == "finished"]:
            self._open.pop(record.id, None)
            self._learn(record)
            self._settle(record, None)

    def _prune(self, *, idle: bool) -> None:
        """A step of forgetting what is too old or too much, if it is time for one, or much came."""
        if not self._owner:
            return
        grew = self._brought >= self._much and not self._pruning
        if monotonic() < self._prune_at and not grew:
            return
        self._pruning, self._brought = False, 0

        def step() -> None:
            limits = limits_of(self._settings())
            self._much = max(LEAST_MUCH, (limits.max_bytes or 0) // MUCH_SHARE)
            self._pruning = self._store.prune(limits, time()).more
            if not self._pruning and monotonic() >= self._check_at:
                self._check_at = monotonic() + PRUNE_EVERY_S
                self._store.check()

        began = monotonic()
        self._survive(step)
        ended = monotonic()
        pause = 0.0 if idle else PAUSE_SHARE * (ended - began)
        self._prune_at = ended + (pause if self._pruning else PRUNE_EVERY_S)

    def _fail_running(self) -> None:
        if self._owner:
            self._survive(lambda: self._store.fail_running(STOPPED))

    def _restore_lineage(self) -> None:
        if self._lineage is None:
            return
        known: list[tuple[Keys, str]] = []
        try:
            self._survive(lambda: known.extend(self._store.recent_links(MOST // 2)))
        finally:
            self._lineage.restore(known)

    def _patience(self) -> float | None:
        """How long to wait for something to write before there is something else to do."""
        # Requests that have begun get a row when they are still running after a while.
        if self._kept or any(not request.written for request in self._open.values()):
            return BATCH_SECONDS
        if not self._owner:
            return None
        return PRUNE_PAUSE_S if self._pruning else max(0.0, self._prune_at - monotonic())

    def _write_batch(self, items: Sequence[Item], *, last: bool) -> None:
        context = self._context()
        finished: list[Entry] = []
        for item in items:
            finished += self._take(item, context)
            self._pace.rest()
        waiting = [*self._kept, *finished]
        if not last and monotonic() < self._write_at:
            self._keep(waiting)
            return
        began = thread_time()
        self._keep(self._write(waiting))
        for request in self._open.values():
            if not request.written and (last or not request.young):
                # Apart from the others: what is not written now, the next batch makes anew.
                entries = self._make(partial(running_entry, request.record), context)
                request.written = not self._write(entries)
            request.young = False
        self._write_at = monotonic() + PAUSE_SHARE * (thread_time() - began) * bool(self._problem)

    def _take(self, item: Item, context: Context) -> list[Entry]:
        if item.stage == "started":
            self._open[item.record.id] = _Open(item.record)
            return []
        request = self._open.pop(item.record.id, None)
        stored = request is not None and request.written
        # First of all: a client's next turn may be waiting for it.
        keys = self._learn(item.record)
        self._pace.rest()
        made = self._make(partial(finished_entry, item.record, stored=stored), context)
        self._settle(item.record, made[0].spent if made else None)
        for entry in made:
            entry.request["link"] = join_keys(keys)
            self._tell(entry)
        return made

    def _settle(self, record: RequestRecord, spent: list[Spent] | None) -> None:
        """Once: whoever was told forgets it."""
        while record.on_spent:
            try:
                record.on_spent.pop(0)(spent)
            except Exception as error:
                logger.error("what a request used is not counted: %s", type(error).__name__)

    def _tell(self, entry: Entry) -> None:
        try:
            if self._observe is not None:
                self._observe(entry)
        except Exception as error:
            logger.error("a request is not told of: %s", type(error).__name__)

    def _learn(self, record: RequestRecord) -> Keys:
        try:
            return self._lineage.learn(record) if self._lineage is not None else ()
        except Exception as error:
            logger.error("an answer cannot be recognised later: %s", type(error).__name__)
            return ()

    def _make(self, make: Callable[[Context], Entry], context: Context) -> list[Entry]:
        """One entry, without its tokens where reading or pricing them fails; none for a record
        that breaks its making: it must not stop the others."""
        bare = replace(context, read_answer={}, charge=charge_nothing)
        for each in (context, bare):
            try:
                return [make(each)]
            except Exception as error:
                if each is bare:
                    self._lose(error)
                else:
                    logger.error("an answer cannot be counted: %s", type(error).__name__)
        return []

    def _write(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Write what can be written; returns the entries that may be tried again."""
        if not entries:
            return entries
        try:
            write = partial(self._store.write, entries, self._redactor.body, self._pace.rest)
            written = self._attempt(write)
            return () if written else entries
        except Exception as error:
            if len(entries) > 1:
                return [left for entry in entries for left in self._write([entry])]
            if entries[0].bodies:
                self._strip(entries)
                return self._write(entries)
            self._lose(error)
            return ()

    def _keep(self, entries: Sequence[Entry]) -> None:
        self._strip(entries)
        self.lost += max(0, len(entries) - KEPT_ENTRIES)
        had, self._kept = self._kept, entries[-KEPT_ENTRIES:]
        if had and not self._kept:
            self._problem = None

    def _strip(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            self._stripped += bool(entry.bodies)
            entry.let_go()

    def _attempt(self, work: Callable[[], object]) -> bool:
        """Do it on the open store; a broken one is set aside, and it is done on a new one."""
        try:
            try:
                self._store.open()
                work()
            except StoreBroken as error:
                logger.warning("the trace file is set aside: %s", error.message)
                self._store.set_aside()
                for request in self._open.values():
                    request.written = False
                self._store.open()
                work()
        except StoreError as error:
            if self._problem is None:
                logger.error("traces are not written: %s", error.message)
            self._problem = error.message
            return False
        self._problem = self._problem if self._kept else None  # pruning alone mends nothing
        return True

    def _survive(self, work: Callable[[], object]) -> None:
        """Do it on the open store; should it fail, the thread goes on without it."""
        try:
            self._attempt(work)
        except Exception as error:
            self._problem = f"the trace file cannot be kept in order: {type(error).__name__}"
            logger.exception("the trace file cannot be kept in order")

    def _lose(self, error: Exception, count: int = 1) -> None:
        self.lost += count
        logger.error("%d requests were not recorded: %s", count, type(error).__name__)

    def _context(self) -> Context:
        settings = self._settings()
        rules = (tuple(self._secrets()), settings.redact)
        if rules != self._rules:
            self._redactor = self._redactor_of(*rules)
            self._rules = rules
        return Context(self._redactor, settings, self._read_answer, self._charge)

    def _redactor_of(self, secrets: Sequence[str], patterns: Sequence[str]) -> Redactor:
        """With the last good patterns instead of bad ones, which would cost every record."""
        self._rules_problem = None
        try:
            made = Redactor(secrets, patterns)
            self._good_patterns = patterns
            return made
        except Exception as error:
            self._rules_problem = f"server.trace.redact cannot be used: {error}"
            logger.error("a pattern of server.trace.redact is refused: %s", type(error).__name__)
            return Redactor(secrets, self._good_patterns)
