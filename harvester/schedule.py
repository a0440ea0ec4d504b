"""Room: the clock: when each source is harvested, night after night, with nobody there.

One job per source: its cron line in its time zone, shifted by a delay that is always the same
for that source, never two runs of it at once. What was missed while nothing ran is known from
the ledger and made up for once, at the start. The file is read again before each round; when it
cannot be, the last good one stays in force and the problem is shown. After each run the store is
kept: what is too old is forgotten once a day, and what needs a person is told.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

import structlog
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger

from harvester.config import load, written
from harvester.errors import ConfigError, HarvesterError, Problem
from harvester.harvest import Asked, Plan, Report, plans, report_of, submit
from harvester.keeping.alarming import alarm
from harvester.keeping.retention import prune_when_due
from harvester.layout import Layout
from harvester.ledger import Ledger
from harvester.model import Federation, Source

_SPREAD_S = 1800
"""Nightly starts are spread over half an hour, so that partners sharing a host are not hit at once."""

_LOOK_EVERY_S = 60

_TOLERATED = timedelta(minutes=1)


class Shifted(BaseTrigger):  # type: ignore[misc]  # the library has no types
    """A cron trigger, later by a fixed delay."""

    def __init__(self, cron: CronTrigger, delay: timedelta) -> None:
        self.cron = cron
        self.delay = delay

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime | None:
        """The next time after `now`; the library asks."""
        fire: datetime | None = self.cron.get_next_fire_time(
            previous and self._later(previous, -self.delay), self._later(now, -self.delay)
        )
        while fire is not None and fire.fold:  # an hour of autumn that comes twice counts once
            fire = self.cron.get_next_fire_time(None, self._later(fire, timedelta(seconds=1)))
        return fire and self._later(fire, self.delay)

    def _later(self, moment: datetime, delay: timedelta) -> datetime:
        """A moment later by what a stopwatch shows; a clock on the wall shows something else in autumn."""
        later: datetime = (moment.astimezone(UTC) + delay).astimezone(self.cron.timezone)
        return later


def trigger(source: Source) -> Shifted:
    """When a source is due."""
    return Shifted(CronTrigger.from_crontab(source.schedule, source.timezone), jitter(source.id))


def jitter(source: str) -> timedelta:
    """The delay of a source, stable over restarts: 0 to 30 minutes."""
    return timedelta(seconds=int.from_bytes(blake2b(source.encode(), digest_size=4).digest()) % _SPREAD_S)


def overdue(source: Source, last_start: datetime | None, now: datetime) -> bool:
    """True when a round was missed since the last run, or the source was never harvested."""
    if last_start is None or last_start > now:  # by a clock that was ahead, or is behind now
        return True
    fire = trigger(source).get_next_fire_time(None, last_start + timedelta(seconds=1))
    return fire is not None and fire <= now


class Clock:
    """Starts the runs of one federation through an executor; `ended` hears each report."""

    def __init__(
        self,
        config: Path,
        layout: Layout,
        ledger: Ledger,
        pool: Executor,
        ended: Callable[[Report], None] = lambda _report: None,
    ) -> None:
        self._config = config
        self._layout = layout
        self._ledger = ledger
        self._pool = pool
        self._ended = ended
        self._log = structlog.get_logger()
        self._read_at: Mapping[str, float] = {}
        self._plans: Mapping[str, Plan] = {}
        self._federation = Federation()
        self._problems: Sequence[Problem] = ()
        self._configured: Collection[str] = ()
        self._scheduler = BackgroundScheduler(
            timezone=UTC, executors={"default": {"type": "threadpool", "max_workers": 64}}
        )
        self._ending = Event()
        self._keeping = Lock()
        self._looking = Thread(target=self._look, name="clock", daemon=True)

    def start(self) -> None:
        """Read the file, make up for missed rounds, and begin to tick.

        Raises:
            ConfigError: the file cannot be used, and there is no earlier one to fall back on.
        """
        self._read()
        self._scheduler.start()
        self._looking.start()

    def stop(self) -> None:
        """Start nothing more; runs under way are the executor's business."""
        self._ending.set()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def next_run(self, source: str) -> datetime | None:
        """When a source is due next; None when it is not scheduled."""
        job = self._scheduler.get_job(source)
        at: datetime | None = job.next_run_time if job else None
        return at

    def problems(self) -> Sequence[Problem]:
        """What is wrong with the file as last read."""
        return self._problems

    def configured(self) -> Collection[str]:
        """The sources that the file declares, disabled ones included."""
        return self._configured

    def reread(self) -> None:
        """Read the file again if it changed; a fault is shown, and the last good file stays in force."""
        try:
            if written(self._config) == self._read_at:
                return
            self._read()
        except (HarvesterError, OSError) as error:
            self._problems = getattr(error, "problems", (Problem(self._config.name, 0, None, str(error)),))
            self._log.error("configuration not read again, the last good one stays", reason=str(error))

    def heed_time(self) -> None:
        """Plan anew what was planned by a clock that has been set back since: it would wait for too long."""
        for job in self._scheduler.get_jobs():
            due = job.trigger.get_next_fire_time(None, datetime.now(UTC))
            if due and job.next_run_time and job.next_run_time > due + _TOLERATED:
                with suppress(JobLookupError):  # taken out of the file meanwhile
                    job.modify(next_run_time=due)
                self._log.warning("the clock was set back, planned anew", source=job.id, at=due.isoformat())

    def _look(self) -> None:
        """Now and then, by a clock that nobody can set."""
        while not self._ending.wait(_LOOK_EVERY_S):
            self.reread()
            self.heed_time()

    def _read(self) -> None:
        self._read_at = written(self._config)
        configuration = load(self._config)
        usable, problems = plans(configuration)
        if self._configured and not usable:  # an editor empties the file before it writes
            text = "declares no usable source any more; to harvest none, restart"
            raise ConfigError([*problems, Problem(self._config.name, 0, None, text)])
        self._federation, self._problems = configuration.federation, problems
        self._configured = frozenset(usable)
        self._plans = {name: plan for name, plan in usable.items() if plan.source.enabled}
        for plan in usable.values():
            self._ledger.describe(plan.source.id, plan.described(), datetime.now(UTC))
        for job in self._scheduler.get_jobs():
            if job.id not in self._plans:
                job.remove()
        for plan in self._plans.values():
            self._schedule(plan.source)

    def _schedule(self, source: Source) -> None:
        held = self._scheduler.get_job(source.id)
        wanted = trigger(source)
        if held and (str(held.trigger.cron), held.trigger.delay) == (str(wanted.cron), wanted.delay):
            return
        soon: dict[str, Any] = {"next_run_time": datetime.now(UTC)} if self._overdue(source) else {}
        self._scheduler.add_job(
            self._run, wanted, [source.id], id=source.id, replace_existing=True,
            coalesce=True, max_instances=1, misfire_grace_time=None, **soon,
        )  # fmt: skip

    def _overdue(self, source: Source) -> bool:
        last = next(iter(self._ledger.runs(source.id, limit=1)), None)
        return overdue(source, last and last.started_at, datetime.now(UTC))

    def _run(self, source: str) -> None:
        self.reread()
        plan = self._plans.get(source)
        if plan:
            asked = submit(self._pool, plan.source, self._federation, self._layout, Asked())
            self._ended(report_of(asked, source))
            self.keep()

    def keep(self) -> None:
        """Forget what is too old, once a day, and tell what needs a person; no run ends otherwise for it."""
        now, federation = datetime.now(UTC), self._federation
        with self._keeping:
            try:
                if freed := prune_when_due(self._ledger, self._layout, federation, now):
                    self._log.info("forgotten", **asdict(freed))
                alarm(self._ledger, self._layout, federation, self._plans, now)
            except (HarvesterError, OSError) as error:
                self._log.error("the store could not be kept", reason=str(error))
