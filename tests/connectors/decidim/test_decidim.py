"""What is special to decidim."""

from __future__ import annotations

import json
from typing import Any

import pytest
from looks import Looks, seen
from looks import page as web_page
from shelf import Shelf, harvested, reasons, recorded, refs, source, values

from harvester import connectors
from harvester.connectors import _decidim_queries as queries
from harvester.connectors.decidim import MAPPING
from harvester.errors import SourceChanged, SourceUnavailable
from harvester.model import Record, Rejected, posted

ROOT = "https://d.example"
API = f"{ROOT}/api"


def kind_of(name: str | list[str]) -> dict[str, Any]:
    """A type as GraphQL tells it: never null, or a list of what is never null."""
    if isinstance(name, str):
        return {"name": None, "ofType": {"name": name}}
    return {"name": None, "ofType": {"name": None, "ofType": {"name": None, "ofType": {"name": name[0]}}}}


def told(types: dict[str, dict[str, Any]], *ordered: str) -> dict[str, Any]:
    """A schema as GraphQL tells it; the fields in `ordered` can be ordered."""
    fields = {
        name: [
            {"name": field, "type": kind_of(kind), "args": [{"name": "order"}] if field in ordered else []}
            for field, kind in own.items()
        ]
        for name, own in types.items()
    }
    return {
        "types": [{"name": name, "fields": own} for name, own in fields.items()]
        + [{"name": "ID", "fields": None}]
    }


TEXT = {
    "TranslatedField": {"translations": ["LocalizedString"]},
    "LocalizedString": {"locale": "String", "text": "String"},
}
NEW = told(
    {
        "Query": {"participatoryProcesses": ["ParticipatoryProcess"], "component": "ComponentInterface"},
        "ParticipatoryProcess": {
            "id": "ID",
            "slug": "String",
            "title": "TranslatedField",
            "author": "Author",
        },
        "ComponentInterface": {"id": "ID", "url": "String"},
        "Proposals": {"proposals": "ProposalConnection"},
        "Meetings": {"meetings": "MeetingConnection"},
        "Budgets": {"budgets": "BudgetConnection"},
        "Proposal": {
            "id": "ID",
            "title": "TranslatedField",
            "coordinates": "Coordinates",
            "withdrawn": "Boolean",
            "authors": ["Author"],
        },
        "Meeting": {"id": "ID", "title": "TranslatedField", "url": "String", "isWithdrawn": "Boolean"},
        "Budget": {"id": "ID", "projects": ["Project"]},
        "Project": {"id": "ID", "title": "TranslatedField", "budget_amount": "Int"},
        "Coordinates": {"latitude": "Float", "longitude": "Float"},
        "Author": {"id": "ID", "name": "String"},
        **TEXT,
    },
    "proposals",
)
OLD = told(
    {
        "Query": {"participatoryProcesses": ["ParticipatoryProcess"]},
        "ParticipatoryProcess": {"id": "ID", "title": "TranslatedField"},
        "Proposals": {"proposals": "ProposalConnection"},
        "Proposal": {
            "id": "ID",
            "title": "String",
            "body": "String",
            "category": "Category",
            "scope": "ScopeApi",
        },
        "Category": {"id": "ID", "name": "TranslatedField"},
        "ScopeApi": {"id": "ID", "name": "TranslatedField"},
        **TEXT,
    }
)
CLOSED = {"message": "No permission", "extensions": {"code": "NO_OBJECT_PERMISSION"}}


class Site:
    """A Decidim with one process, whose answers are told question by question."""

    def __init__(self, schema: dict[str, Any] | None = NEW, **options: Any) -> None:
        self.known = queries.schema(schema) if schema else queries.BASIC
        self.feed = source(
            "decidim", ROOT, **({"spaces": ("participatoryProcesses",), "page_size": 2} | options)
        )
        self.shelf = Shelf({})
        self.tells(
            queries.INTROSPECTION, {"__schema": schema} if schema else {}, *([] if schema else [CLOSED])
        )

    def tells(self, query: str, data: Any, *errors: Any) -> None:
        body = {"data": data} | ({"errors": list(errors)} if errors else {})
        self.shelf.bodies[posted(API, queries.body(query))] = json.dumps(body).encode()

    def lists(self, *components: tuple[str, str], error: Any = None) -> None:
        """The process and its components, as (type, number)."""
        own = [{"__typename": kind, "id": ref} for kind, ref in components]
        process = {"id": "5", "slug": "eau", "title": said("Eau"), "components": own}
        self.tells(
            queries.spaces(self.known, "participatoryProcesses"),
            {"participatoryProcesses": [process]},
            *([error] if error else []),
        )

    def holds(
        self,
        kind: str,
        ref: str,
        nodes: Any,
        *errors: Any,
        after: str | None = None,
        then: Any = None,
        page: Any = None,
    ) -> None:
        """One page of one component."""
        told = {
            "pageInfo": {"hasNextPage": then is not None, "endCursor": then},
            "edges": [{"node": node} for node in nodes],
        }
        query = queries.component(self.known, kind, ref, first=2, after=after)
        self.tells(query, {"component": {"id": ref, queries.COMPONENTS[kind][0]: page or told}}, *errors)

    def asked(self, kind: str, ref: str) -> str:
        return posted(API, queries.body(queries.component(self.known, kind, ref, first=2, after=None)))

    def found(self) -> list[Any]:
        return harvested(self.feed, self.shelf)


def said(text: str, locale: str | None = "fr") -> dict[str, Any]:
    return {"translations": [{"locale": locale, "text": text}]}


def one(ref: str, **more: Any) -> dict[str, Any]:
    return {"id": ref, "title": said(f"Titre {ref}")} | more


# --- questions ---------------------------------------------------------------------------------------


def test_decidim_schema_is_asked_for_once_and_only_what_it_has_is_wanted():
    site = Site()
    site.lists(("Proposals", "1"))
    site.holds("Proposals", "1", [one("8")])
    assert refs(site.found()) == ["process-5", "proposal-8"]
    assert len(site.shelf.asked) == 3
    query = queries.component(site.known, "Proposals", "1", first=2, after='M"g')
    assert (
        "node { id title { translations { locale text } } coordinates { latitude longitude } withdrawn }"
        in query
    )
    assert 'proposals(first: 2, after: "M\\"g", order: {id: "asc"})' in query


def test_decidim_names_of_persons_are_in_no_question():
    everything = [queries.spaces(queries.schema(NEW), "participatoryProcesses")]
    everything += [
        queries.component(queries.schema(NEW), kind, "1", first=2, after=None) for kind in queries.COMPONENTS
    ]
    assert "author" not in " ".join(everything).lower()
    wanted = " ".join(" ".join(fields) for fields in queries.WANTED.values()).lower()
    assert not [
        word for word in ("author", "user", "members", "speakers", "followers", "likes") if word in wanted
    ]


def test_decidim_lists_that_cannot_be_ordered_are_not():
    assert "order" not in queries.component(queries.schema(NEW), "Meetings", "1", first=2, after=None)


def test_decidim_titles_in_plain_text_before_0_23_and_translated_since_are_both_read():
    old = Site(OLD)
    old.lists(("Proposals", "1"))
    old.holds("Proposals", "1", [{"id": "8", "title": "Titre", "body": "Texte"}])
    assert "node { id title category { name { translations { locale text } } } scope" in queries.component(
        old.known, "Proposals", "1", first=2, after=None
    )
    new = Site()
    new.lists(("Proposals", "1"))
    new.holds(
        "Proposals",
        "1",
        [
            one(
                "8",
                title={"translations": [{"locale": "fr", "text": "Titre"}, {"locale": "oc", "text": " "}]},
            )
        ],
    )
    assert values(old.found())[1]["title"] == "Titre"
    assert values(new.found())[1]["title"] == [{"@value": "Titre", "@language": "fr"}]


def test_decidim_that_hides_its_schema_is_asked_for_what_all_have():
    site = Site(None, spaces=("participatoryProcesses", "conferences"))
    site.lists(("Proposals", "1"))
    site.holds("Proposals", "1", [one("8")])
    assert refs(site.found()) == ["process-5", "proposal-8"]


def test_decidim_that_tells_no_schema_nor_why_fails():
    site = Site()
    site.tells(queries.INTROSPECTION, {})
    with pytest.raises(SourceChanged, match=r"decidim 'test': https://d\.example/api#.*no schema"):
        site.found()


def test_decidim_question_too_complex_says_what_to_lower():
    site = Site()
    site.lists(("Proposals", "1"))
    site.shelf.bodies[site.asked("Proposals", "1")] = json.dumps(
        {"errors": [{"message": "Query has complexity of 301, which exceeds max complexity of 300"}]}
    ).encode()
    with pytest.raises(SourceChanged, match=r"complexity of 301.*lower `page_size`"):
        site.found()


def test_decidim_address_may_be_that_of_its_api():
    site = Site()
    site.lists()
    feed = source("decidim", f"{ROOT}/api/", spaces=("participatoryProcesses",))
    assert refs(harvested(feed, site.shelf)) == ["process-5"]


# --- pages -------------------------------------------------------------------------------------------


def test_decidim_each_component_is_followed_by_its_own_cursors():
    site = Site()
    site.lists(("Proposals", "1"), ("Meetings", "2"), ("Pages", "3"), ("Proposals", "4"))
    site.holds("Proposals", "1", [one("8"), one("9")], then="Mg")
    site.holds("Proposals", "1", [one("10")], after="Mg")
    site.holds("Meetings", "2", [one("8", url=f"{ROOT}/m/8")])
    site.holds("Proposals", "4", [])
    assert refs(site.found()) == ["process-5", "proposal-8", "proposal-9", "proposal-10", "meeting-8"]


def test_decidim_cursor_that_comes_back_fails():
    site = Site()
    site.lists(("Proposals", "1"))
    site.holds("Proposals", "1", [one("8")], then="Mg")
    site.holds("Proposals", "1", [one("8")], after="Mg", then="Mg")
    with pytest.raises(SourceChanged, match=r"the pages of https://d\.example/processes/eau/f/1 do not end"):
        site.found()


@pytest.mark.parametrize(
    ("page", "fault"),
    [
        ({"edges": []}, "no 'pageInfo'"),
        ({"edges": [], "pageInfo": {}}, "no 'pageInfo'"),
        ({"edges": [], "pageInfo": {"hasNextPage": True, "endCursor": None}}, "a next page without a cursor"),
        ({"edges": [{"node": {"title": "x"}}], "pageInfo": {"hasNextPage": False}}, "without 'id'"),
    ],
)
def test_decidim_page_of_another_shape_fails(page, fault):
    site = Site()
    site.lists(("Proposals", "1"))
    site.holds("Proposals", "1", [], page=page)
    with pytest.raises(SourceChanged, match=fault):
        site.found()


def test_decidim_component_that_does_not_answer_defers_the_source():
    site = Site()
    site.lists(("Proposals", "1"))
    site.shelf.failing = {site.asked("Proposals", "1"): SourceUnavailable("answered 503")}
    with pytest.raises(SourceUnavailable):
        site.found()


def test_decidim_only_what_is_wished_for_is_asked_for():
    site = Site(contents=("meetings",), components=("2", 3))
    site.lists(("Proposals", "1"), ("Meetings", "2"), ("Meetings", "4"))
    site.holds("Meetings", "2", [one("8")])
    (value,) = values(site.found())
    assert (value["id"], value["_kind"]) == ("8", "event")
    assert "_space" not in value
    assert len(site.shelf.asked) == 3


def test_decidim_spaces_that_a_site_does_not_have_are_not_asked_for():
    site = Site(spaces=("participatoryProcesses", "initiatives"))
    site.lists()
    assert refs(site.found()) == ["process-5"]


@pytest.mark.parametrize("data", [{}, {"participatoryProcesses": None}, None])
def test_decidim_spaces_that_are_not_told_fail(data):
    site = Site()
    site.tells(queries.spaces(site.known, "participatoryProcesses"), data, {"message": "Unauthorized"})
    with pytest.raises(SourceChanged, match="no 'participatoryProcesses': 'Unauthorized'"):
        site.found()


# --- part of an answer -------------------------------------------------------------------------------


def test_decidim_proposal_without_coordinates_makes_an_error_and_no_harm():
    path = ["component", "proposals", "edges", 0, "node", "coordinates", "latitude"]
    site = Site()
    site.lists(("Proposals", "1"))
    site.holds(
        "Proposals",
        "1",
        [one("8", coordinates=None), one("9")],
        {"message": "Cannot return null", "path": path},
    )
    assert refs(site.found()) == ["process-5", "proposal-8", "proposal-9"]
    assert reasons(site.found()) == []
    assert "coordinates" not in values(site.found())[1]


def test_decidim_component_that_is_closed_spoils_no_other():
    site = Site()
    site.lists(("Proposals", "1"), ("Proposals", "2"))
    site.tells(
        queries.component(site.known, "Proposals", "1", first=2, after=None),
        {"component": None},
        CLOSED | {"path": ["component"]},
    )
    site.holds("Proposals", "2", [one("9")])
    assert refs(site.found()) == ["process-5", "proposal-9"]
    assert reasons(site.found()) == []


def test_decidim_component_that_fails_is_rejected_without_a_ref_and_the_others_go_on():
    site = Site()
    site.lists(("Proposals", "1"), ("Proposals", "2"))
    query = queries.component(site.known, "Proposals", "1", first=2, after=None)
    site.tells(query, None, {"message": "Timed out", "path": ["component"]})
    site.holds("Proposals", "2", [one("9")])
    (fault,) = [found for found in site.found() if isinstance(found, Rejected)]
    assert fault.ref is None
    assert fault.reason.endswith("component https://d.example/processes/eau/f/1: 'Timed out'")
    assert refs(site.found()) == ["process-5", "proposal-9"]


@pytest.mark.parametrize(
    ("error", "faults"),
    [
        ([], 0),
        ([CLOSED | {"path": ["component", "proposals", "edges", 0, "node"]}], 0),
        ([{"message": "Boom", "path": ["component", "proposals", "edges", 0, "node", "title"]}], 1),
        ([{"message": "Boom", "path": ["component", "proposals", "edges", 1, "node", "title"]}], 0),
        ([{"message": "Boom"}], 1),
    ],
    ids=["hidden", "closed", "failed", "another failed", "failed somewhere"],
)
def test_decidim_thing_that_is_not_there_is_told_unless_it_is_not_public(error, faults):
    site = Site()
    site.lists(("Proposals", "1"))
    site.holds("Proposals", "1", [None, one("9")], *error)
    assert refs(site.found()) == ["process-5", "proposal-9"]
    assert len(reasons(site.found())) == faults


def test_decidim_space_whose_components_fail_is_told():
    process = {"id": "5", "slug": "eau", "title": said("Eau"), "components": None}
    error = {"message": "Boom", "path": ["participatoryProcesses", 1, "components", 0]}
    site = Site()
    site.tells(
        queries.spaces(site.known, "participatoryProcesses"),
        {"participatoryProcesses": [None, process]},
        error,
    )
    assert refs(site.found()) == ["process-5"]
    assert "components of https://d.example/processes/eau: 'Boom'" in reasons(site.found())[0]


# --- things ------------------------------------------------------------------------------------------


def test_decidim_pages_for_people_are_those_told_or_made_of_numbers():
    pages = {value["id"]: value["_page"] for value in values(harvested(*recorded("decidim")))}
    process = "https://participer.example.org/processes/revisio-de-la-normativa-de-participacio-ciutadana"
    assert pages["5"] == process
    assert pages["805"] == f"{process}/f/171/proposals/805"
    assert pages["646"] == f"{process}/f/17/meetings/646"
    assert pages["70"] == "https://participer.example.org/assemblies/consell/f/42/budgets/7/projects/70"


def test_decidim_kinds_follow_the_type_and_things_belong_to_their_space():
    told = {
        record.ref: record.value for record in harvested(*recorded("decidim")) if isinstance(record, Record)
    }
    kinds = {ref: value["_kind"] for ref, value in told.items()}
    assert kinds == {
        "process-5": "project", "assembly-3": "group", "meeting-646": "event", "proposal-805": "idea",
        "proposal-901": "idea", "proposal-965": "idea", "project-70": "project",
    }  # fmt: skip
    assert told["proposal-805"]["_space"] == "process-5"
    assert MAPPING["part_of"] == "_space"


def test_decidim_proposal_withdrawn_by_its_author_is_rejected_by_name():
    site = Site()
    site.lists(("Proposals", "1"))
    site.holds("Proposals", "1", [one("8", withdrawn=True), one("9", state="withdrawn")])
    told = [found for found in site.found() if isinstance(found, Rejected)]
    assert told == [Rejected(f"proposal-{n}", "withdrawn by its author") for n in (8, 9)]


def test_decidim_meeting_withdrawn_is_said_to_be_and_has_its_place_as_venue():
    site = Site()
    site.lists(("Meetings", "1"))
    site.holds("Meetings", "1", [one("8", isWithdrawn=True, address="1 rue A", location=said("Salle"))])
    value = values(site.found())[1]
    assert value["_withdrawn"] is True
    assert value["_venue"] == {"address": "1 rue A", "location": [{"@value": "Salle", "@language": "fr"}]}
    assert not {"address", "location"} & value.keys()


def test_decidim_budget_amount_is_asked_for_as_the_site_spells_it():
    assert "budget_amount" in queries.component(queries.schema(NEW), "Budgets", "1", first=2, after=None)
    assert [
        value["budget_amount"] for value in values(harvested(*recorded("decidim"))) if value["id"] == "70"
    ] == [12000]


def test_decidim_empty_site_is_empty_not_broken():
    site = Site(contents=("proposals",))
    site.lists(("Proposals", "1"))
    site.holds("Proposals", "1", [])
    assert site.found() == []
    assert connectors.load("decidim").incremental is False


# --- recognition -------------------------------------------------------------------------------------


def asks(**answers: Any) -> Looks:
    """A site that answers these questions: `schema`, and the spaces of the basic schema."""
    questions = {"schema": queries.INTROSPECTION} | {
        kind: queries.spaces(queries.BASIC, kind) for kind in queries.BASIC["Query"]
    }
    return Looks({posted(API, queries.body(questions[name])): body for name, body in answers.items()})


def test_decidim_page_about_decidim_is_not_recognised():
    looks = asks()
    assert connectors.load("decidim").recognised(web_page(f"{ROOT}/blog", "We chose Decidim"), looks) is None
    assert looks.asked == [posted(API, queries.body(queries.INTROSPECTION))]


@pytest.mark.parametrize(
    "body",
    [
        {"data": {"__schema": {"types": [{"name": "Query", "fields": [{"name": "posts", "type": None}]}]}}},
        {"data": {"__schema": {"types": [[1], None]}}},
        {"data": []},
        ["data"],
        "no JSON",
        {"errors": "?"},
    ],
    ids=["other schema", "strange types", "no data", "a list", "a text", "strange errors"],
)
def test_decidim_other_graphql_is_not_recognised(body):
    assert connectors.load("decidim").recognised(web_page(ROOT, "Decidim"), asks(schema=body)) is None


def test_decidim_looks_at_nothing_unless_a_page_names_it():
    looks = asks()
    for other in (web_page(ROOT, "Participation"), seen(API, {"decidim": 1})):
        assert connectors.load("decidim").recognised(other, looks) is None
    assert looks.asked == []


def test_decidim_site_that_hides_its_schema_is_recognised_by_its_spaces():
    hidden = {"errors": [{"message": "introspection is off"}]}
    listed = {"data": {"assemblies": [{"id": "3", "components": [{"__typename": "Budgets", "id": "42"}]}]}}
    looks = asks(schema=hidden, assemblies=listed)
    found = connectors.load("decidim").recognised(web_page(ROOT, "Decidim"), looks)
    assert (found.keys, list(found.learned)) == ({}, ["assemblies: 1 spaces", "component 42: Budgets"])


# --- answers to another question ---------------------------------------------------------------------


def test_decidim_answer_about_another_component_fails():
    site = Site()
    site.lists(("Proposals", "1"), ("Proposals", "2"))
    site.holds("Proposals", "1", [one("8")])
    site.shelf.bodies[site.asked("Proposals", "2")] = site.shelf.bodies[site.asked("Proposals", "1")]
    with pytest.raises(SourceChanged, match="component '2' was asked for"):
        site.found()


def test_decidim_answer_without_a_component_fails():
    site = Site()
    site.lists(("Proposals", "1"))
    site.shelf.bodies[site.asked("Proposals", "1")] = b'{"data": {"assemblies": []}}'
    with pytest.raises(SourceChanged, match="component '1' was asked for"):
        site.found()


def test_decidim_type_that_a_site_does_not_tell_of_is_asked_for_its_identifier():
    known = {"Budgets": {"budgets": queries.Named("BudgetConnection")}}

    assert "edges { node { id } }" in queries.component(known, "Budgets", "1", first=5, after=None)


def test_decidim_address_that_is_no_text_costs_no_record():
    site = Site()
    component = {"__typename": "Proposals", "id": "1", "url": 1.5}
    process = {"id": "5", "slug": "eau", "url": 2.5, "title": said("Eau"), "components": [component]}
    site.tells(queries.spaces(site.known, "participatoryProcesses"), {"participatoryProcesses": [process]})
    site.holds("Proposals", "1", [one("8")])

    assert refs(site.found()) == ["process-5", "proposal-8"]
