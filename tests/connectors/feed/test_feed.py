"""What is special to feed."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import Any

import pytest
from looks import Looks, page, seen
from shelf import HTML, Shelf, harvested, read, reasons, recorded, refs, source, values

from harvester import connectors
from harvester.errors import SourceChanged, SourceUnavailable
from harvester.mapping import compile_mapping
from harvester.model import Item, Listing, Record

URL = "https://b.example/feed/"
WORDPRESS = "<generator>https://wordpress.org/?v=6.7</generator>"


def rss(*items: str, head: str = "", declared: str = "UTF-8") -> str:
    spaces = (
        'xmlns:atom="http://www.w3.org/2005/Atom" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/" '
        'xmlns:geo="http://www.w3.org/2003/01/geo/wgs84_pos#" xmlns:slash="http://purl.org/rss/1.0/modules/slash/" '
        'xmlns:ev="http://purl.org/rss/1.0/modules/event/"'
    )
    body = "".join(f"<item>{item}</item>" for item in items)
    return f'<?xml version="1.0" encoding="{declared}"?>\n<rss version="2.0" {spaces}><channel><title>B</title>{head}{body}</channel></rss>\n'


def atom(*entries: str, head: str = "", attributes: str = "") -> str:
    body = "".join(f"<entry>{entry}</entry>" for entry in entries)
    return f'<feed xmlns="http://www.w3.org/2005/Atom" {attributes}><title>B</title>{head}{body}</feed>'


def entry(number: int, extra: str = "") -> str:
    return f"<title>N {number}</title><guid>n{number}</guid>{extra}"


def one(body: str, **said: Any) -> dict[str, Any]:
    (value,) = values(read("feed", body, url=URL, **said))
    return dict(value)


def walked(bodies: dict[str, str], **said: Any) -> tuple[list[str], list[str]]:
    shelf = Shelf({url: body.encode() for url, body in bodies.items()})
    return refs(harvested(source("feed", URL, **said), shelf)), shelf.asked


def test_feed_recording_gives_two_pages_in_the_order_of_the_feed():
    found = harvested(*recorded("feed"))
    assert [ref.rpartition("=")[2] for ref in refs(found)] == ["412", "398", "391", "377", "360"]
    assert [value["_published"] for value in values(found)] == [
        "2026-11-18T09:12:44+00:00",
        "2026-11-02T08:00:00+00:00",
        "2026-10-16T16:30:00+00:00",
        "2026-09-20T05:45:00+00:00",
        "2026-09-01T12:00:00+00:00",
    ]


def test_feed_listing_is_a_window_that_makes_nothing_missing():
    assert connectors.load("feed").listing is Listing.WINDOW


def test_feed_entry_is_known_by_its_guid_else_by_its_link():
    found = read(
        "feed",
        rss(
            '<guid isPermaLink="false">tag:1</guid><link>https://b.example/1</link>',
            "<link>https://b.example/2</link>",
            "<title>Sans rien</title>",
        ),
    )
    assert (refs(found), reasons(found)) == (
        ["tag:1", "https://b.example/2"],
        ["neither guid nor link; title 'Sans rien'"],
    )


def test_feed_guid_stays_as_it_is_written_wherever_the_feed_is():
    for url in ("https://b.example/feed/", "https://c.example/feed/page/2/"):
        assert refs(read("feed", rss("<guid>12</guid>", "<guid>a/b</guid>"), url=url)) == ["12", "a/b"]


def test_feed_atom_and_rdf_are_read_like_rss():
    found = read("feed", atom("<id>urn:1</id><title>A</title><updated>2026-11-17T10:00:00+01:00</updated>"))
    assert [(record.ref, record.value["_updated"]) for record in found if isinstance(record, Record)] == [
        ("urn:1", "2026-11-17T10:00:00+01:00")
    ]
    rdf = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">'
        '<item rdf:about="https://b.example/1"><title>A</title><link>https://b.example/1</link></item></rdf:RDF>'
    )
    assert refs(read("feed", rdf)) == ["https://b.example/1"]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Tue, 17 Nov 2026 18:30:00 +0100", "2026-11-17T17:30:00+00:00"),
        ("Tue, 17 Nov 2026 18:30:00 GMT", "2026-11-17T18:30:00+00:00"),
        ("2026-11-17T18:30:00+01:00", "2026-11-17T18:30:00+01:00"),
        ("2026-11-17T18:30:00", "2026-11-17T18:30:00"),
        ("2026-11-17", "2026-11-17"),
        ("hier", None),
        ("", None),
    ],
    ids=["rfc 822", "gmt", "iso", "iso local", "day", "words", "nothing"],
)
def test_feed_dates_are_iso_8601_and_no_zone_or_hour_is_invented(written, expected):
    assert one(rss(entry(1, f"<pubDate>{written}</pubDate>"))).get("_published") == expected


def test_feed_date_of_publication_is_no_date_of_change():
    assert "_updated" not in one(rss(entry(1, "<pubDate>Tue, 17 Nov 2026 18:30:00 GMT</pubDate>")))


def test_feed_links_are_made_absolute():
    assert one(rss(entry(1, "<link>/a/b</link>")))["link"] == "https://b.example/a/b"
    based = atom("<id>1</id><link href='x'/>", attributes='xml:base="https://c.example/d/"')
    assert one(based)["link"] == "https://c.example/d/x"


def test_feed_whole_text_is_preferred_to_the_summary():
    body = "<description>Court</description><content:encoded><![CDATA[<p>Long</p>]]></content:encoded>"
    value = one(rss(entry(1, body)))
    assert (value["_content"], value["summary"]) == ("<p>Long</p>", "Court")


def test_feed_scripts_never_reach_a_record():
    body = "<description><![CDATA[<p onclick='x()'>A</p><script>steal()</script>]]></description>"
    assert one(rss(entry(1, body)))["summary"] == "<p>A</p>"


def test_feed_entities_that_xml_does_not_know_are_read_all_the_same():
    value = one(rss("<guid>1</guid><title>Caf&eacute; & th&#233;</title>"))
    assert value["title"].startswith("Café")


def test_feed_names_no_file_of_this_machine():
    bomb = '<!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/hostname"><!ENTITY b "&a;&a;">]>'
    body = rss("<guid>1</guid><title>[&a;&b;]</title>").replace("<rss", f"{bomb}<rss")
    assert one(body)["title"].strip("[]&;ab") == ""


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-15", "utf-16"])
@pytest.mark.parametrize("labelled", [True, False])
def test_feed_encoding_is_what_the_text_is_in_whatever_its_labels_say(encoding, labelled):
    body = rss(
        "<guid>1</guid><title>Œuvre à 5 €</title>", declared="utf-8" if encoding == "utf-8" else encoding
    )
    found = read("feed", body.encode(encoding), charset=encoding if labelled else None)
    assert values(found)[0]["title"] == "Œuvre à 5 €"


def test_feed_valid_utf_8_under_another_label_is_utf_8():
    body = rss("<guid>1</guid><title>Café</title>", declared="iso-8859-1")
    assert values(read("feed", body, charset="iso-8859-1"))[0]["title"] == "Café"


def test_feed_authors_never_reach_a_record():
    people = "<dc:creator>Camille Exemple</dc:creator><author>camille@b.example (Camille Exemple)</author>"
    assert "amille" not in json.dumps(one(rss(entry(1, people))))
    credited = (
        "<id>1</id><author><name>Camille</name></author><contributor><name>Camille</name></contributor>"
    )
    assert "amille" not in json.dumps(one(atom(credited)))


def test_feed_comments_make_no_entry_new():
    first, second = (
        one(
            rss(
                entry(
                    1,
                    f"<slash:comments>{count}</slash:comments><comments>https://b.example/#{count}</comments>",
                )
            )
        )
        for count in (3, 4)
    )
    assert first == second


def test_feed_pictures_and_files_are_told_apart():
    picture = '<enclosure url="https://b.example/a.jpg" type="image/jpeg" length="1"/>'
    sound = '<enclosure url="https://b.example/a.mp3" type="audio/mpeg" length="1"/>'
    value = one(rss(entry(1, picture + sound)))
    assert (value["_image"], value["_file"]) == ("https://b.example/a.jpg", "https://b.example/a.mp3")
    media = '<media:content url="https://b.example/m.png" medium="image"/>'
    assert one(rss(entry(1, media)))["_image"] == "https://b.example/m.png"


def test_feed_point_is_named_in_both_ways_of_writing_it():
    assert one(rss(entry(1, "<geo:lat>44.7</geo:lat><geo:long>5.3</geo:long>")))["geo_lat"] == "44.7"
    (first, *_) = values(harvested(*recorded("feed")))
    assert (first["_lat"], first["_lon"]) == (44.7534, 5.3703)


def test_feed_language_is_given_only_when_the_source_declares_none():
    body = rss(entry(1), head="<language>fr-FR</language>")
    assert one(body)["_language"] == "fr-FR"
    assert "_language" not in one(body, language="fr")


def test_feed_fields_of_other_modules_may_be_mapped():
    assert one(rss(entry(1, "<ev:startdate>2026-12-01</ev:startdate>")))["ev_startdate"] == "2026-12-01"


def test_feed_one_page_is_asked_for_unless_more_are_wanted():
    body = rss(entry(1), head=WORDPRESS + '<atom:link rel="next" href="https://b.example/feed/?page=2"/>')
    assert walked({URL: body}) == (["n1"], [URL])


def test_feed_pages_are_followed_by_their_own_link():
    following = '<atom:link rel="next" href="/feed/?page=2"/>'
    second = "https://b.example/feed/?page=2"
    bodies = {URL: rss(entry(1), head=following), second: rss(entry(2))}
    assert walked(bodies, pages=9) == (["n1", "n2"], [URL, second])


def test_feed_pages_of_wordpress_end_at_the_one_that_is_not_there():
    second, third = (f"{URL}?paged={number}" for number in (2, 3))
    bodies = {URL: rss(entry(1), head=WORDPRESS), second: rss(entry(2), head=WORDPRESS)}
    assert walked(bodies, pages=9) == (["n1", "n2"], [URL, second, third])


def test_feed_page_that_comes_again_is_the_last():
    bodies = dict.fromkeys((URL, f"{URL}?paged=2", f"{URL}?paged=3"), rss(entry(1), head=WORDPRESS))
    assert walked(bodies, pages=9) == (["n1"], [URL, f"{URL}?paged=2"])


def test_feed_page_that_fails_leaves_everything_as_it_is():
    feed, shelf = recorded("feed")
    shelf.failing[f"{feed.url}?paged=2"] = SourceUnavailable("timed out")
    with pytest.raises(SourceUnavailable):
        harvested(feed, shelf)


def test_feed_several_feeds_make_one_source():
    bodies = {"https://b.example/1": rss(entry(1)), "https://b.example/2": atom("<id>2</id>")}
    shelf = Shelf({url: body.encode() for url, body in bodies.items()})
    assert refs(harvested(source("feed", list(bodies)), shelf)) == ["n1", "2"]


def test_feed_entry_on_two_pages_is_yielded_twice():
    bodies = {URL: rss(entry(2), entry(1), head=WORDPRESS), f"{URL}?paged=2": rss(entry(1), head=WORDPRESS)}
    assert walked(bodies, pages=2)[0] == ["n2", "n1", "n1"]


def test_feed_without_entries_is_empty_not_broken():
    assert read("feed", rss()) == []


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (HTML, "an HTML page"),
        (b'<?xml version="1.0"?><opml version="2.0"><body/></opml>', "'<"),
        (b'{"version": "https://jsonfeed.org/version/1.1", "items": []}', "'{"),
    ],
    ids=["page", "opml", "json"],
)
def test_feed_answer_that_is_no_feed_is_named(body, what):
    with pytest.raises(
        SourceChanged, match=f"feed 'test': https://t.example/file: expected RSS or Atom, got {what}"
    ):
        read("feed", body)


def test_feed_comment_of_a_cache_after_the_end_is_passed_over():
    assert refs(read("feed", rss(entry(1)) + "<!-- cached 2026-11-22\n -->\n")) == ["n1"]


def test_feed_states_the_licence_that_it_names():
    feed, shelf = recorded("feed")
    connector = connectors.load("feed")
    kept = list(connector.answers(feed, shelf, shelf))
    assert connector.stated_licence is not None
    assert connector.stated_licence(kept, shelf) == "https://creativecommons.org/licenses/by-sa/4.0/"


def test_feed_items_are_documents_with_their_address():
    feed, shelf = recorded("feed")
    connector = connectors.load("feed")
    mapper, problems = compile_mapping(feed, connector.mapping, ignored=connector.ignored)
    found: list[Item] = [mapper.item(one)[0] for one in harvested(feed, shelf) if isinstance(one, Record)]
    assert (problems, mapper.coverage.unmapped) == ([], {})
    assert {item.kind for item in found} == {"document"}
    assert found[2].values["name"] == "Écoutez : la rivière, un commun"
    assert found[2].values["content"] == "https://atelier.example.org/sons/riviere.mp3"
    assert found[0].values["page"] == "https://atelier.example.org/2026/412/"
    assert found[0].values["keywords"] == ("Semences", "Médiathèque")
    assert str(found[0].values["created"]) == "2026-11-18 09:12:44+00:00"
    assert found[4].values["name"] == "Réparer plutôt que jeter & partager"


# --- recognition -------------------------------------------------------------------------------------


def recognised(where: Any, looks: Looks) -> Any:
    return connectors.load("feed").recognised(where, looks)


RDF = '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"{}></rdf:RDF>'


@pytest.mark.parametrize(
    "body",
    [
        RDF.format(' xmlns:dcat="http://www.w3.org/ns/dcat#"'),
        '<!DOCTYPE html><html><head><!-- <rdf:RDF xmlns="http://purl.org/rss/1.0/"></rdf:RDF> --></head></html>',
        "<urlset><url><loc>https://t.example/feed</loc></url></urlset>",
        '{"version": "https://jsonfeed.org/version/1.1", "items": []}',
        "",
    ],
    ids=["other RDF", "RDF in a page", "sitemap", "JSON feed", "nothing"],
)
def test_feed_is_not_seen_in_what_looks_like_one(body):
    looks = Looks()
    assert recognised(seen("https://t.example/feed", body), looks) is None
    assert looks.asked == []


def test_feed_of_a_page_is_looked_at_once_and_less_sure_than_a_feed():
    head = "<link rel=alternate type=application/atom+xml href=/atom><link rel='alternate' type='application/rss+xml' href=/rss>"
    looks = Looks({"https://t.example/atom": f"<?xml version='1.0'?>\n<!-- made -->\n{rss(entry(1))}"})
    found = recognised(page("https://t.example/news", "", head=head), looks)
    assert (found.certainty.name, found.url, found.count) == ("READABLE", "https://t.example/atom", 1)
    assert list(found.learned) == ["another feed of the page: https://t.example/rss"]
    assert looks.asked == ["https://t.example/atom"]
    assert recognised(page("https://t.example/news", "", head=head), Looks()) is None


def test_feed_of_one_page_says_how_many_entries_it_holds_and_rss_1_0_is_one():
    found = recognised(seen("https://t.example/f", rss(entry(1), entry(2))), Looks())
    assert (found.certainty.name, found.count, found.keys["pages"]) == ("FORMAT", 2, None)
    assert recognised(seen("https://t.example/f", RDF.format(' xmlns="http://purl.org/rss/1.0/"')), Looks())


def test_feed_that_its_reader_stumbles_over_is_told_not_raised():
    body = rss(entry(1)).replace("</channel>", "</creativeCommons:license></channel>")
    body = body.replace(
        "<rss", '<rss xmlns:creativeCommons="http://backend.userland.com/creativeCommonsRssModule"', 1
    )
    assert recognised(seen("https://t.example/f", body), Looks()) is None
    with pytest.raises(SourceChanged, match="the feed is malformed"):
        read("feed", body)


def test_feed_address_that_is_none_spoils_no_other_entry():
    found = read("feed", rss(entry(1, '<enclosure url="http://[" type="audio/mpeg" />'), entry(2)))
    assert refs(found) == ["n1", "n2"]


def test_feed_nested_without_end_is_refused_at_once():
    began = time.process_time()
    with pytest.raises(SourceChanged, match="nested more than 1000 deep"):
        read("feed", rss(entry(1, "<a>" * 20_000 + "</a>" * 20_000)))
    for endless in ("<!--", "<![CDATA[", "<a ", "<"):
        with suppress(SourceChanged):
            read("feed", rss(entry(1, endless * 20_000)))
    assert time.process_time() - began < 3
