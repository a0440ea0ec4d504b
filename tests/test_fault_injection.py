"""Whatever befalls a night, the next one makes it good: schedules of accidents, each drawn from its seed.

A schedule that fails prints its seed: `pytest tests/test_fault_injection.py -m slow -k "seed17]"` plays it again.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from faults import ACCIDENTS, Nursery, Play, drawn

NIGHTS, MORE_NIGHTS = 2, 6
FEW, MANY = range(20), range(20, 520)


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Where the processes of all schedules come from."""
    with Nursery() as opened:
        yield opened


@pytest.fixture
def play(tmp_path, federation, partners, nursery):
    """Plays one schedule."""

    def played(seed: int, nights: int) -> None:
        acted = Play(federation, partners, nursery, seed)
        acted.nights(nights)
        acted.settled(tmp_path / "anew")

    return played


@pytest.mark.parametrize("seed", FEW, ids="seed{}".format)
def test_after_any_schedule_of_accidents_nothing_is_lost_stuck_or_left_over(play, seed):
    play(seed, NIGHTS)


@pytest.mark.slow
@pytest.mark.parametrize("seed", MANY, ids="seed{}".format)
def test_after_many_schedules_of_accidents_nothing_is_lost_stuck_or_left_over(play, seed):
    play(seed, MORE_NIGHTS)


def test_the_ordinary_schedules_draw_every_accident():
    assert {name for seed in FEW for name in drawn(seed, NIGHTS)} == ACCIDENTS.keys()
