"""Room: what was measured beside what was promised, as JSON and as a table for people.

In: the measures of `harvest`. Out: each ratio with its figure and "holds" or "missed"; "-" where nothing is
promised for that number of records. Measures nothing itself.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

_MB = 1e6
_STAGES = ("fetch", "judge", "commit", "open", "publish", "close")


@cache
def _promised() -> Mapping[str, Any]:
    return tomllib.loads((Path(__file__).parent / "figures.toml").read_text(encoding="utf-8"))


def judged(night: str, seconds: Mapping[str, float], records: int) -> dict[str, Any]:
    """The ratio of a night to what it is compared with, the limit, and the verdict.

    Args:
        night: its name in `figures.toml`.
        seconds: wall seconds by name, `floor` and `first` among them.
        records: how many the partner holds.
    """
    figure = next(one for one in _promised()["figure"] if one["night"] == night)
    ratio = seconds[night] / seconds[figure["of"]]
    verdict = _verdict(ratio, figure["limit"], records in figure["at"])
    return {"ratio": ratio, "of": figure["of"], "limit": figure["limit"], "verdict": verdict}


def memory(peak: int, records: int) -> dict[str, Any]:
    """The verdict on a peak in bytes."""
    figure = _promised()["memory"]
    limit = figure["limit_bytes"]
    return {"peak": peak, "limit": limit, "verdict": _verdict(peak, limit, records in figure["at"])}


def _verdict(value: float, limit: float, promised: bool) -> str:
    if not promised:
        return "-"
    return "holds" if value <= limit else "missed"


def table(measured: Mapping[str, Any]) -> Iterator[str]:
    """The lines of the report, for a terminal of 110 columns."""
    floor, nights, peak = measured["floor"], measured["nights"], measured["memory"]
    yield (
        f"{measured['records']:,} records, {measured['triples_per_record']:.1f} triples each, listing of "
        f"{measured['listing_bytes'] / _MB:.1f} MB, gzip {'on' if measured['gzip'] else 'off'}, "
        f"{measured['cpus']} cores"
    )
    yield f"floor: {measured['triples']:,} finished quads loaded in {floor['seconds']:.2f} s {floor['all']}"
    yield ""
    yield (
        f"{'night':<9}{'seconds':>9}{'rec/s':>9}{'ratio':>8}{'limit':>7}  {'verdict':<8}{'changes':>8}"
        f"{'RSS MB':>8}{'PSS MB':>8}{'store MB':>10}{'load':>6}  outcome"
    )
    yield from (_row(night) for night in nights)
    yield ""
    yield f"{'seconds of':<9}" + "".join(f"{stage:>9}" for stage in _STAGES)
    for night in nights:
        yield f"{night['night']:<10}" + "".join(f"{night['stages'][stage]:>9.2f}" for stage in _STAGES)
    yield ""
    yield f"memory peak {peak['peak'] / _MB:.0f} MB, limit {peak['limit'] / _MB:.0f} MB: {peak['verdict']}"


def _row(night: Mapping[str, Any]) -> str:
    return (
        f"{night['night']:<9}{night['seconds']:>9.2f}{night['records_per_s']:>9.0f}{night['ratio']:>8.3f}"
        f"{night['limit']:>7.2f}  {night['verdict']:<8}{night['changes']:>8}{night['rss'] / _MB:>8.0f}"
        f"{night['pss'] / _MB:>8.0f}{night['store'] / _MB:>10.1f}{night['load']:>6.2f}  {night['outcome']}"
    )
