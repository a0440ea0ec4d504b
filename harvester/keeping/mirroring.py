"""Room: the mirror looked over: where it stands, brought up at once; deep, its triples counted.

In: a patient and its ledger. Out: findings. What it holds is never read, only counted: a store may write a
literal in another way than it was sent.
"""

from __future__ import annotations

from collections.abc import Iterator

from harvester.errors import MirrorError
from harvester.keeping.patient import Found, Health, Patient
from harvester.ledger import Ledger
from harvester.mirror import Mirror, mirrored, note
from harvester.mirror.mirror import opened
from harvester.model import IRI, RemoteStore
from harvester.triplestore import Checkpoints

Counts = dict[IRI, tuple[int, int]]
"""Graph -> the triples sent, those it counts."""


def mirror(patient: Patient, ledger: Ledger) -> Iterator[Found]:
    """How the mirror stands, if there is one."""
    at = patient.federation.mirror
    if at is None:
        return
    behind = note(patient.layout).behind(ledger.position())
    done = mirrored(at, patient.layout, patient.federation, ledger)
    if done is None:
        yield Found("mirror", Health.TOLD, "another process brings it up, or nothing is published yet")
    elif done.trouble:
        yield Found(
            "mirror", Health.WRONG, f"{done.behind(ledger.position())} changes behind; {done.trouble}"
        )
    elif behind:
        yield Found("mirror", Health.MENDED, f"was {behind} changes behind; brought up to {done.change}")
    else:
        yield Found("mirror", Health.GOOD, f"holds every change, up to {done.change}")
    if done and not done.trouble and patient.deep:
        yield from _counted(patient, ledger, at)


def _counted(patient: Patient, ledger: Ledger, at: RemoteStore) -> Iterator[Found]:
    """Graphs that count other than what was sent are put anew; one that still does is told."""
    try:
        with opened(at, patient.layout, patient.federation, ledger) as mirror_:
            wrong = _different(patient, mirror_)
            for graph in wrong:
                mirror_.doubt(graph)
            if wrong:
                mirrored(at, patient.layout, patient.federation, ledger)
            left = _different(patient, mirror_) if wrong else {}
    except MirrorError as error:
        yield Found("mirror", Health.WRONG, str(error))
        return
    yield from (_told(graph, counts, graph in left) for graph, counts in wrong.items())
    if not wrong:
        yield Found("mirror", Health.GOOD, "counts as many triples in every graph as were sent")


def _told(graph: IRI, counts: tuple[int, int], still: bool) -> Found:
    sent, held = counts
    if still:
        text = (
            f"<{graph}> counts {held} triples where {sent} were sent, also when put anew: it changes literals"
        )
        return Found("mirror", Health.TOLD, text)
    return Found("mirror", Health.MENDED, f"<{graph}> held {held} triples instead of {sent}; put anew")


def _different(patient: Patient, mirror_: Mirror) -> Counts:
    checkpoint = Checkpoints(patient.layout.checkpoints).current()
    found = mirror_.counts(checkpoint) if checkpoint else ()
    return {graph: (sent, held) for graph, sent, held in found if sent != held}
