"""`source add` on every platform: each recording, served on loopback under a neutral address, is recognised."""

from __future__ import annotations

import dataclasses
import json
from contextlib import closing
from datetime import timedelta

import pytest
from served import served
from shelf import NOW, RECORDINGS, harvested, recorded, refs

from harvester import connectors
from harvester.config import load
from harvester.harvest import Harvest, plans
from harvester.layout import Layout
from harvester.ledger import Ledger
from harvester.model import Outcome
from harvester.scaffold.looking import looking
from harvester.scaffold.proposing import identifier, table
from harvester.scaffold.recognition import recognised


def _entries():
    """The addresses that a person would paste, per connector."""
    for name in connectors.names():
        file = RECORDINGS / name / "recognition.json"
        listed = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        yield from (pytest.param(name, url, id=f"{name}-{url}") for url in listed if listed[url].get("entry"))


def test_every_connector_has_an_address_to_be_recognised_by():
    assert {one.values[0] for one in _entries()} == set(connectors.names())


@pytest.mark.parametrize(("name", "url"), list(_entries()))
def test_platform_is_recognised_and_the_proposed_table_harvests_as_it_is(name, url, tmp_path, monkeypatch):
    monkeypatch.setattr("harvester.scaffold.looking.DELAY", timedelta(0))
    with served(name, "answers.json", "recognition.json") as partner:
        with looking(contact=None, allow_private=True) as look:
            found = recognised(look.first(partner.address(url)), look)
        assert [one.connector.name for one in found][:1] == [name]
        source = identifier(found[0], ())
        config = tmp_path / "sources.toml"
        config.write_text(table(found[0], source, allow_private=True), encoding="utf-8")
        configuration = load(config)
        usable, problems = plans(configuration)
        assert problems == ()
        plan = usable[source]
        plan = dataclasses.replace(
            plan, source=dataclasses.replace(plan.source, delay=timedelta(0), attempts=1)
        )
        layout = Layout(tmp_path / "store")
        ledger = Ledger.open(layout.ledger, base=configuration.federation.base)
        with closing(ledger):
            report = Harvest(plan, configuration.federation, layout, ledger, now=lambda: NOW).run()
    assert report.outcome in (Outcome.DONE, Outcome.DONE_ISSUES), report.message
    assert report.counts["read"] >= min(4, len(refs(harvested(*recorded(name)))))
