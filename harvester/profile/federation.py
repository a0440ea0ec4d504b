"""Room: what the federation says of itself -> triples: sources, runs.

Descriptions come from the ledger as plain mappings (see `description`), so that a source gone
from the configuration is still described. Nothing here is part of a record.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from harvester import canonical, iri, vocab
from harvester.model import Outcome, Source
from harvester.profile.writing import full, predicate

_TYPE = predicate("rdf:type")


def description(source: Source) -> dict[str, Any]:
    """What the ledger keeps of a source for pages and provenance; plain JSON data."""
    publisher = source.publisher
    return {
        "title": source.title,
        "connector": source.connector,
        "kind": source.kind,
        "urls": list(source.urls),
        "licence": source.licence,
        "permission": source.permission,
        "publisher": {"name": publisher.name, "url": publisher.url} if publisher else None,
        "enabled": source.enabled,
        "was": list(source.was),
        "robots_ignored": source.robots_ignored,
        "schedule": source.schedule,
        "timezone": source.timezone,
        "grace_s": int(source.grace.total_seconds()),
    }


def credit(described: Mapping[str, Any]) -> str:
    """The credit line of a source: publisher (or title), licence."""
    publisher = described["publisher"]["name"] if described["publisher"] else described["title"]
    return f"{publisher}, {described['licence']}"


def source_triples(
    base: str, source_id: str, described: Mapping[str, Any], *, live: int, recipe: str | None
) -> list[str]:
    """A source as a dcat:Dataset with its licence, credit, publisher, plan and number of records.

    `recipe` is that of its last run that had one: it names the plan by which records became triples.
    """
    node = f"<{iri.source(base, source_id)}>"
    licence = vocab.licences()[described["licence"]]
    out = [
        f"{node}{_TYPE}<{full('dcat:Dataset')}> .",
        f"{node}{predicate('dcterms:identifier')}{canonical.string(source_id)} .",
        f"{node}{predicate('dcterms:title')}{canonical.string(described['title'])} .",
        f"{node}{predicate('dcterms:license')}<{licence.iri}> .",
        f"{node}{predicate('schema:creditText')}{canonical.string(credit(described))} .",
        f"{node}{predicate('archipel:connector')}{canonical.string(described['connector'])} .",
        f"{node}{predicate('archipel:graph')}<{iri.source_graph(base, source_id)}> .",
        f"{node}{predicate('void:entities')}{canonical.integer(live)} .",
    ]
    publisher = described["publisher"]
    landing = (publisher or {}).get("url") or next(iter(described["urls"]), None)
    if landing:
        out.append(f"{node}{predicate('dcat:landingPage')}<{landing}> .")
    if recipe:
        plan = f"<{iri.fragment(iri.source(base, source_id), 'plan')}>"
        out += [
            f"{node}{predicate('archipel:mapping')}{plan} .",
            f"{plan}{_TYPE}<{full('prov:Plan')}> .",
            f"{plan}{predicate('dcterms:identifier')}{canonical.string(recipe)} .",
        ]
    if publisher:
        owner = f"<{iri.fragment(iri.source(base, source_id), 'editeur')}>"
        out += [
            f"{node}{predicate('dcterms:publisher')}{owner} .",
            f"{owner}{_TYPE}<{full('org:Organization')}> .",
            f"{owner}{predicate('rdfs:label')}{canonical.string(publisher['name'])} .",
        ]
        if publisher["url"]:
            out.append(f"{owner}{predicate('foaf:homepage')}<{publisher['url']}> .")
    return out


def run_triples(base: str, run: Any) -> list[str]:
    """A run of the ledger as an archipel:HarvestRun; `run` is a row of its table `runs`."""
    node = f"<{iri.run(base, run.source, run.id)}>"
    out = [
        f"{node}{_TYPE}<{full('archipel:HarvestRun')}> .",
        f"{node}{_TYPE}<{full('prov:Activity')}> .",
        f"{node}{predicate('prov:used')}<{iri.source(base, run.source)}> .",
        f"{node}{predicate('archipel:outcome')}{canonical.string(run.outcome)} .",
        f"{node}{predicate('prov:startedAtTime')}{_time(run.started_at)} .",
        f"{node}{predicate('prov:endedAtTime')}{_time(run.ended_at)} .",
    ]
    for name, term in (("read", "recordsRead"), ("kept", "recordsKept"), ("rejected", "recordsRejected")):
        if name in run.counts:
            out.append(f"{node}{predicate(f'archipel:{term}')}{canonical.integer(run.counts[name])} .")
    if Outcome(run.outcome) in (Outcome.DONE, Outcome.DONE_ISSUES):
        out.append(f"{node}{predicate('prov:generated')}<{iri.source_graph(base, run.source)}> .")
    return out


def freshness_triples(
    base: str, source_id: str, *, last_success: datetime | None, failures: int, stale_since: datetime | None
) -> list[str]:
    """How fresh a source is: its last success, the failures since, and since when it is stale."""
    node = f"<{iri.source(base, source_id)}>"
    told = {"archipel:lastSuccess": last_success, "archipel:outdatedSince": stale_since}
    out = [f"{node}{predicate(term)}{_time(at)} ." for term, at in told.items() if at]
    return [*out, f"{node}{predicate('archipel:consecutiveFailures')}{canonical.integer(failures)} ."]


def _time(value: datetime) -> str:
    return canonical.moment(canonical.utc(value))
