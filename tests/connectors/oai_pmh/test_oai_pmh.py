"""What is special to oai_pmh."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from looks import Looks, seen
from looks import page as web_page
from shelf import HTML, Shelf, harvested, reasons, recorded, refs, source, values

from harvester import connectors
from harvester.errors import SourceChanged, SourceUnavailable
from harvester.mapping import compile_mapping
from harvester.model import Gone

BASE = "https://r.example/oai"
SECONDS = "YYYY-MM-DDThh:mm:ssZ"


def document(inside: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">{inside}</OAI-PMH>'
    ).encode()


def one(ref: str = "o:1", metadata: str = "<dc><title>Titre</title></dc>", status: str = "") -> str:
    deleted = f' status="{status}"' if status else ""
    header = f"<header{deleted}><identifier>{ref}</identifier><datestamp>2024-01-01</datestamp></header>"
    return f"<record>{header}{f'<metadata>{metadata}</metadata>' if metadata else ''}</record>"


def listed(*records: str, token: str | None = None, size: int | None = None) -> bytes:
    """A page; `token` empty closes the list, None writes none."""
    total = f' completeListSize="{size}"' if size is not None else ""
    end = "" if token is None else f"<resumptionToken{total}>{token}</resumptionToken>"
    return document(f"<ListRecords>{''.join(records)}{end}</ListRecords>")


def error(code: str, words: str = "") -> bytes:
    return document(f'<error code="{code}">{words}</error>')


def address(**said: str) -> str:
    return f"{BASE}?{urlencode(said)}"


def first(**said: str) -> str:
    return address(verb="ListRecords", metadataPrefix="oai_dc", **said)


def after(token: str) -> str:
    return address(verb="ListRecords", resumptionToken=token)


def repository(bodies: dict[str, bytes], *, granularity: str = SECONDS, **said) -> Shelf:
    identity = document(f"<Identify><granularity>{granularity}</granularity></Identify>")
    return Shelf({address(verb="Identify"): identity} | bodies, **said)


def oai(**options):
    return source("oai_pmh", BASE, **options)


def read(body: bytes):
    return harvested(oai(), repository({first(): body}))


# --- the list -----------------------------------------------------------------------------------------


def test_oai_pmh_token_is_asked_for_alone():
    shelf = repository(
        {
            first(set="a"): listed(one("o:1"), token="x/2|é&amp;"),
            after("x/2|é&"): listed(one("o:2"), token="x3"),
            after("x3"): listed(one("o:3"), token=""),
        }
    )
    assert refs(harvested(oai(set="a"), shelf)) == ["o:1", "o:2", "o:3"]
    assert all("metadataPrefix" not in url and "set=" not in url for url in shelf.asked[2:])


def test_oai_pmh_one_page_without_a_token_is_the_whole_list():
    assert refs(read(listed(one("o:1"), one("o:2")))) == ["o:1", "o:2"]


def test_oai_pmh_list_that_stops_before_its_declared_size_is_not_complete():
    pages = {first(): listed(one("o:1"), token="2", size=5), after("2"): listed(one("o:2"))}
    with pytest.raises(SourceChanged, match=r"oai_pmh 'test': https://.*2 records of the 5 it declares"):
        harvested(oai(), repository(pages))


def test_oai_pmh_list_that_closes_is_believed_whatever_size_it_estimated():
    pages = {first(): listed(one("o:1"), token="2", size=5), after("2"): listed(one("o:2"), token="", size=5)}
    assert refs(harvested(oai(), repository(pages))) == ["o:1", "o:2"]


def test_oai_pmh_token_that_comes_twice_is_a_list_without_end():
    pages = {first(): listed(one("o:1"), token="2"), after("2"): listed(one("o:2"), token="2")}
    with pytest.raises(SourceChanged, match="does not end"):
        harvested(oai(), repository(pages))


def test_oai_pmh_token_that_was_forgotten_defers_the_run():
    pages = {first(): listed(one("o:1"), token="2"), after("2"): error("badResumptionToken", "expired")}
    with pytest.raises(SourceUnavailable, match="forgot where we were"):
        harvested(oai(), repository(pages))


def test_oai_pmh_page_that_fails_lets_the_error_through():
    pages = {first(): listed(one("o:1"), token="2")}
    failing = {after("2"): SourceUnavailable("answered 503")}
    with pytest.raises(SourceUnavailable, match="503"):
        harvested(oai(), repository(pages, failing=failing))


def test_oai_pmh_page_that_was_promised_and_not_kept_fails_the_source():
    shelf = repository({first(): listed(one("o:1"), token="2"), after("2"): listed(one("o:2"), token="")})
    connector = connectors.load("oai_pmh")
    kept = list(connector.answers(oai(), shelf, shelf))
    with pytest.raises(SourceChanged, match="no answer kept"):
        list(connector.records(oai(), kept[:-1], shelf))


# --- changes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("granularity", "expected"), [(SECONDS, "2026-11-20T02:30:15Z"), ("YYYY-MM-DD", "2026-11-20")]
)
def test_oai_pmh_changes_are_asked_for_in_the_repository_s_own_granularity(granularity, expected):
    since = datetime(2026, 11, 20, 2, 30, 15, 999, tzinfo=UTC)
    shelf = repository({first(**{"from": expected}): listed(one())}, granularity=granularity, since=since)
    connector = connectors.load("oai_pmh")
    kept = list(connector.answers(oai(), shelf, shelf))
    assert refs(list(connector.records(oai(), kept, shelf))) == ["o:1"]
    assert connector.incremental


def test_oai_pmh_nothing_that_matches_is_no_error():
    assert read(error("noRecordsMatch", "nothing new")) == []


@pytest.mark.parametrize("code", ["badArgument", "cannotDisseminateFormat", "badVerb", "noSetHierarchy"])
def test_oai_pmh_other_errors_are_errors_at_http_200(code):
    with pytest.raises(SourceChanged, match=f"refused the question: '{code}: why'"):
        read(error(code, "why"))


def test_oai_pmh_deleted_record_is_a_tombstone():
    assert read(listed(one("o:1", "", "deleted"), one("o:2")))[0] == Gone("o:1")


# --- records ------------------------------------------------------------------------------------------


def test_oai_pmh_record_without_metadata_or_identifier_is_rejected_and_the_rest_goes_on():
    found = read(listed(one("o:1", ""), one(""), one("o:3")))
    assert refs(found) == ["o:3"]
    assert reasons(found) == [
        "it has no metadata in this format",
        "a record whose header has no identifier",
    ]


def test_oai_pmh_persons_never_reach_a_record():
    for value in values(harvested(*recorded("oai_pmh"))):
        assert {"creator", "contributor"}.isdisjoint(value)
        assert "Exemple" not in str(value)


def test_oai_pmh_other_formats_are_read_by_their_local_names():
    metadata = (
        '<m:mods xmlns:m="http://www.loc.gov/mods/v3"><m:titleInfo><m:title>Titre</m:title></m:titleInfo>'
        "<m:name>Camille</m:name></m:mods>"
    )
    shelf = repository({address(verb="ListRecords", metadataPrefix="mods"): listed(one(metadata=metadata))})
    (value,) = values(harvested(oai(prefix="mods"), shelf))
    assert value["titleInfo"] == [{"title": ["Titre"]}]
    assert "Camille" not in str(value)


def test_oai_pmh_first_web_address_among_the_identifiers_is_the_page():
    found = "<dc><identifier>10.5/x</identifier><identifier>https://r.example/1</identifier></dc>"
    (value,) = values(read(listed(one(metadata=found))))
    assert value["_page"] == "https://r.example/1"


def test_oai_pmh_control_characters_that_xml_forbids_do_not_spoil_the_page():
    body = listed(one(metadata="<dc><title>Titre\x0b &#x1;suite&#31;</title></dc>"))
    assert values(read(body))[0]["title"] == ["Titre suite"]


def test_oai_pmh_recording_is_mapped_with_its_languages_and_without_a_rest():
    feed, shelf = recorded("oai_pmh")
    connector = connectors.load("oai_pmh")
    mapper, problems = compile_mapping(feed, connector.mapping, ignored=connector.ignored)
    found = [mapper.item(each)[0] for each in harvested(feed, shelf) if not isinstance(each, Gone)]
    assert (problems, dict(mapper.coverage.unmapped)) == ([], {})
    told = found[0].values
    assert (told["name"].text, told["name"].lang, told["language"]) == (
        "Jardins partagés & lien social",
        "fr",
        "fr",
    )
    assert [text.lang for text in told["description"]] == ["fr", "en"]
    assert (told["issued"], found[1].values["issued"]) == ("2023", "2022-06-30")
    assert {item.kind for item in found} == {"document"}


# --- what is no OAI-PMH -------------------------------------------------------------------------------


def test_oai_pmh_entities_are_refused():
    head = b'<!DOCTYPE OAI-PMH [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
    body = listed(one()).replace(b"?>", b"?>" + head, 1)
    with pytest.raises(SourceChanged, match="declares a document type"):
        read(body)


@pytest.mark.parametrize("body", [HTML, b"", b"<html><body/></html>", b"<rss/>", document("")])
def test_oai_pmh_answer_that_is_none_is_a_changed_shape(body):
    with pytest.raises(SourceChanged, match="oai_pmh 'test': https://"):
        read(body)


def test_oai_pmh_page_that_is_cut_is_no_complete_list():
    whole = listed(one(), one("o:2"))
    with pytest.raises(SourceChanged, match="expected XML"):
        read(whole[: int(len(whole) * 0.9)])


def test_oai_pmh_address_with_a_question_is_taken_to_its_base():
    feed = source("oai_pmh", f"{BASE}?verb=Identify")
    assert refs(harvested(feed, repository({first(): listed(one())}))) == ["o:1"]


def test_oai_answer_to_another_question_is_no_list():
    feed, shelf = recorded("oai_pmh")
    identity, *lists = shelf.bodies
    shelf.bodies[lists[-1]] = shelf.bodies[identity]
    with pytest.raises(SourceChanged, match="no <ListRecords> in the answer; ask the repository"):
        harvested(feed, shelf)


# --- recognition -------------------------------------------------------------------------------------


def answering(**verbs: str) -> Looks:
    """A repository that says this inside `Identify` and others, by verb."""
    told = {f"{BASE}?verb={verb}": f"<{verb}>{inside}</{verb}>" for verb, inside in verbs.items()}
    return Looks({url: document(inside).decode() for url, inside in told.items()})


def recognised(found: Any, looks: Looks) -> Any:
    return connectors.load("oai_pmh").recognised(found, looks)


@pytest.mark.parametrize(
    "body",
    [
        '<?xml version="1.0"?><rss version="2.0"><channel><title>OAI-PMH news</title></channel></rss>',
        '<!DOCTYPE x [<!ENTITY e "OAI-PMH">]><OAI-PMH>&e;</OAI-PMH>',
        "<OAI-PMH><cut",
        "OAI-PMH",
        "",
    ],
    ids=["feed", "entities", "cut", "text", "empty"],
)
def test_oai_pmh_other_documents_are_not_recognised(body):
    looks = answering(Identify="")
    assert recognised(seen(BASE, body), looks) is None
    assert looks.asked == []


def test_oai_pmh_page_leads_to_a_repository_of_its_own_host_only():
    looks = Looks()
    for link in ("https://other.example/oai?verb=Identify", "/oai-conference", "/boai/"):
        assert recognised(web_page("https://r.example/", f'<a href="{link}">OAI</a>'), looks) is None
    assert looks.asked == []
    assert recognised(web_page("https://r.example/", '<a href="/oai">OAI</a>'), looks) is None
    assert looks.asked == [f"{BASE}?verb=Identify"]


def test_oai_pmh_set_and_format_of_the_address_are_proposed():
    looks = answering(
        Identify="<repositoryName>Archives</repositoryName><adminEmail>a@r.example</adminEmail>",
        ListMetadataFormats="<metadataFormat><metadataPrefix>mods</metadataPrefix></metadataFormat>",
        ListSets="<set><setSpec>a:b</setSpec><setName>Lettres</setName></set>",
    )
    url = f"{BASE}?verb=ListRecords&metadataPrefix=mods&set=a%3Ab"
    headers = "<header/><header/>"
    looks.bodies[address(verb="ListIdentifiers", metadataPrefix="mods", set="a:b")] = document(
        f"<ListIdentifiers>{headers}</ListIdentifiers>"
    ).decode()
    found = recognised(seen(url, listed(one()).decode()), looks)
    assert (found.url, found.title, found.count) == (BASE, "Archives", 2)
    assert found.keys == {"prefix": "mods", "set": "a:b"}
    assert list(found.learned) == ["prefix mods", "set a:b: Lettres"]
