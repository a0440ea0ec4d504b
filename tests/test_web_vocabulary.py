"""Every name of the vocabulary leads to a page and to triples, in both languages, and no link is broken."""

import json
import re
import shutil
import time
from collections import Counter
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from itertools import chain
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pyoxigraph as ox
import pytest
from conftest import ROOT
from test_web import ALPHA, BASE, BETA, FEDERATION, NIGHT, PARSED, commit, lines, published, served

from harvester import iri, items, shapes, territory, vocab
from harvester.layout import Layout
from harvester.ledger import Ledger
from harvester.model import Source
from harvester.profile import full, writing
from harvester.publish.publication import Publication
from harvester.triplestore import QueryPool
from harvester.web import Serving, profiled, questions, shaped, terms, texts, vocabulary_files, words
from harvester.web.usage import Asked, Usage

BOTH = ("fr", "en")
GAMMA = Source("gamma", "Gamma", "table", ("https://gamma.example",), "CC0-1.0")
THEME = iri.concept("themes", "alimentation")
AMAP = iri.concept("types", "amap")
FORMATS = {"turtle": "text/turtle", "jsonld": "application/ld+json",
           "ntriples": "application/n-triples", "rdfxml": "application/rdf+xml"}  # fmt: skip
CRAWLED = {"vocab/alignments": 120, "vocab/territoire": 60}
"""How many pages of a branch the crawler opens at most; it opens all the others."""


def about(theme, *more):
    return (f"<{full('archipel:topTheme')}> <{theme}>", f"<{full('pair:hasTopic')}> <{theme}>", *more)


def located(code):
    return f"<{full('dcterms:spatial')}> <{iri.territory('commune', code)}>"


@pytest.fixture(scope="module")
def serving(tmp_path_factory, furnished_whole):
    layout = Layout(tmp_path_factory.mktemp("store"))
    shutil.copytree(furnished_whole, layout.oxigraph)
    ledger = Ledger.open(layout.ledger, base=BASE)
    gardens = [
        published("alpha", f"jardin-{n}", f"Jardin {n}", *about(THEME, located("35238"))) for n in range(7)
    ]
    commit(ledger, ALPHA, gardens, NIGHT)
    commit(ledger, BETA, [published("beta", "secret", "Sans licence", *about(THEME))], NIGHT)
    need = f"<{full('pair:needs')}> <{iri.record(BASE, 'gamma', 'x')}#besoin-1>"
    body = published("gamma", "x", "Ressourcerie", *about(THEME), need)
    commit(ledger, GAMMA, [body], NIGHT)
    publication = Publication(layout, FEDERATION, ledger)
    checkpoint = publication.refresh()
    publication.close()
    pool = QueryPool(checkpoint, workers=2, timeout_s=20)
    yield Serving(
        federation=FEDERATION,
        ledger=ledger,
        pool=pool,
        layout=layout,
        next_run=lambda _source: None,
        running=dict,
        problems=list,
        configured=lambda: ["alpha", "beta", "gamma"],
    )
    pool.close()
    ledger.close()


@pytest.fixture(scope="module")
def client(serving):
    with served(serving) as found:
        yield found


@pytest.fixture(scope="module")
def unpublished(serving):
    """The same before anything is published: there is no store to ask."""
    pool = QueryPool(None)
    with served(replace(serving, pool=pool)) as found:
        yield found
    pool.close()


class Page(HTMLParser):
    """The links, the anchors and the headings of a page."""

    def __init__(self, text):
        super().__init__()
        self.links, self.anchors, self.headings = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        self.links += [told["href"]] if tag in ("a", "link") and told.get("href") else []
        self.anchors += [told["id"]] if "id" in told else []
        self.headings += [tag] if re.fullmatch(r"h[1-6]", tag) else []


def told(client, path, language="fr"):
    answer = client.get(path, headers={"accept-language": language})
    assert answer.status_code == 200, path
    return answer.text


# --- Every name has its words -----------------------------------------------------------------------


def languages(address, *names):
    quads = chain.from_iterable(
        words.vocabulary().quads_for_pattern(ox.NamedNode(address), ox.NamedNode(full(name)), None)
        for name in names
    )
    return {quad.object.language for quad in quads}


def test_every_term_of_ours_has_labels_and_definitions_in_both_languages():
    assert terms.terms()
    assert [one for one in terms.terms() if not set(BOTH) <= languages(one, "rdfs:label")] == []
    assert [
        one for one in terms.terms() if not set(BOTH) <= languages(one, "rdfs:comment", "skos:definition")
    ] == []


def test_every_scheme_and_alignment_has_a_title_in_both_languages():
    every = [one.address for one in (*terms.schemes(), *terms.alignments())]
    assert [one for one in every if not set(BOTH) <= languages(one, "dcterms:title", "skos:prefLabel")] == []


def test_every_concept_of_ours_has_a_label_in_both_languages_and_every_category_one():
    ours = [one for scheme in terms.schemes() for one in scheme.members]
    theirs = [one for scheme in terms.alignments() for one in scheme.members]
    assert [one for one in ours if not set(BOTH) <= languages(one, "skos:prefLabel")] == []
    assert [one for one in theirs if not languages(one, "skos:prefLabel")] == []


def test_every_shape_speaks_both_languages_and_its_words_are_known():
    every = shaped.all_shapes().values()
    assert [one.name for one in every if not set(BOTH) <= set(one.messages)] == []
    used = {line.label for one in every for line in shaped.checks(one, "fr")}
    assert set() == used - set(texts.group("check"))


def test_every_property_of_the_profile_has_a_label_in_both_languages():
    rows = {row.term for part in profiled.profile().parts for row in part.rows}
    unnamed = {
        words.short(one)
        for one in rows
        for each in BOTH
        if words.predicate_label(one, each) == words.short(one)
    }
    assert set() == unnamed


def test_every_kind_type_and_class_has_its_words():
    kinds = {*items.KINDS, *items.DEPENDENTS}
    assert kinds == set(texts.group("kind")) == set(texts.group("kind-lead"))
    assert {str(one) for one in items.FieldType} == set(texts.group("value"))
    named = {*texts.group("class"), *map(words.short, terms.terms())}
    assert set() == set(chain.from_iterable(writing.CLASSES.values())) - named
    assert set() == {one for one in territory.LEVELS if not texts.known("level", one, "fr")}


def test_no_scheme_takes_the_name_of_a_page():
    taken = {"ns", "shapes", "profile", "questions", "prefixes", "changes", "territoire", "alignments"}
    assert set() == taken & set(vocab.schemes())


# --- Pages ------------------------------------------------------------------------------------------


PAGES = ["/vocab/", "/vocab/ns", "/vocab/ns/Initiative", "/vocab/ns/topTheme", "/vocab/types", "/vocab/types/amap",
         "/vocab/odd/3", "/vocab/alignments/pwa", "/vocab/shapes", "/vocab/profile", "/vocab/questions",
         "/vocab/prefixes", "/vocab/changes/vocabulary", "/vocab/changes/shapes", "/vocab/territoire",
         "/vocab/territoire/region", "/vocab/territoire/commune", "/vocab/territoire/departement/35"]  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", BOTH)
def test_every_page_opens_in_both_languages_and_is_well_made(client, path, language):
    answer = client.get(path, headers={"accept-language": language})
    assert (200, language) == (answer.status_code, answer.headers["content-language"])
    assert "Accept" in answer.headers["vary"]
    page = Page(answer.text)
    assert page.headings.count("h1") == 1
    assert all(after <= before + 1 for before, after in zip(levels(page), levels(page)[1:], strict=False))
    assert [one for one, n in Counter(page.anchors).items() if n > 1] == []
    assert "#main-content" in page.links
    assert not re.search(r"<script|\sstyle=|\son\w+=", answer.text)


def levels(page):
    return [int(heading[1]) for heading in page.headings]


@pytest.mark.parametrize("path", ["/vocab/", "/vocab/ns", "/vocab/ns/Initiative", "/vocab/types", "/vocab/odd/3",
                                  "/vocab/types/amap", "/vocab/alignments/pwa", "/vocab/profile",
                                  "/vocab/territoire/commune/35238"])  # fmt: skip
@pytest.mark.parametrize("name", FORMATS)
def test_a_page_has_its_triples_in_every_format_with_links(client, path, name):
    plain = client.get(path, headers={"accept": "application/n-triples"})
    answer = client.get(path, headers={"accept": f"text/html;q=0.2, {FORMATS[name]}"})
    assert answer.headers["content-type"].startswith(FORMATS[name])
    assert answer.headers["vary"].startswith("Accept")
    assert 'rel="license"' in answer.headers["link"]
    assert answer.content == client.get(path, params={"format": name}).content
    if b"_:" not in plain.content:
        assert lines(plain.content) == lines(answer.content, name)
    assert len(list(ox.parse(answer.content, format=PARSED[name]))) == len(lines(plain.content)) > 3


def test_a_concept_tells_all_that_is_known_of_it(client):
    text = told(client, "/vocab/themes/alimentation")
    assert "<h1" in text
    for said in ("Alimentation et agriculture", "Food and farming", f'<code class="copy">{THEME}</code>',
                 "<code>themes:alimentation</code>", "http://purl.org/essglobal/standard", 'href="/vocab/odd/2"',
                 "Catégories alignées sur ce concept", 'href="/vocab/alignments/transiscope"',
                 'href="/vocab/types/amap"', "<code>theme</code>", 'href="/vocab/shapes#'):  # fmt: skip
        assert said in text, said


def test_a_term_tells_all_that_is_known_of_it(client):
    text = told(client, "/vocab/ns/topTheme", "en")
    for said in ("https://w3id.org/archipel/ns#topTheme", "archipel:topTheme", "pair:hasTopic",
                 'href="/vocab/shapes#top-theme"', "<code>theme</code>"):  # fmt: skip
        assert said in text, said


def test_a_concept_of_others_has_its_page_in_our_scheme(client):
    text = told(client, "/vocab/odd/3")
    assert '<code class="copy">http://metadata.un.org/sdg/3</code>' in text
    assert "sdg:3" in client.get("/vocab/odd/3", headers={"accept": "text/turtle"}).text


def test_concepts_stand_under_their_broader_ones(client):
    tree = terms.tree(next(one.members for one in terms.schemes() if one.path == "pacte-2020"))
    assert {0, 1} == {depth for _, depth in tree}
    inner = next(one for one, depth in tree if depth == 1)
    above = terms.objects(inner, "skos:broader")[0]
    assert f'href="/{terms.path(above)}"' in told(client, "/" + terms.path(inner))
    assert f'href="/{terms.path(inner)}"' in told(client, "/" + terms.path(above))


def test_a_retired_concept_says_so_first_and_names_its_successor(client):
    said = [
        ox.Quad(ox.NamedNode(AMAP), ox.NamedNode(full(name)), value)
        for name, value in (
            ("owl:deprecated", ox.Literal(True)),
            ("dcterms:isReplacedBy", ox.NamedNode(iri.concept("types", "marche"))),
            ("skos:changeNote", ox.Literal("Fondu dans les marchés.", language="fr")),
        )
    ]
    words.vocabulary().extend(said)
    try:
        text = told(client, "/vocab/types/amap")
        listed, successor = told(client, "/vocab/types"), told(client, "/vocab/types/marche")
    finally:
        for quad in said:
            words.vocabulary().remove(quad)
    notice = text.index("notice bad")
    assert notice < text.index('class="lead"')
    assert "Fondu dans les marchés." in text[notice:][:900]
    assert 'href="/vocab/types/marche"' in text[notice:][:900]
    assert '<span class="mark">Retiré</span>' in listed
    assert "Remplace" in successor
    assert "notice bad" not in told(client, "/vocab/types/amap")


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("/vocab/themes/alimentatoin", "themes/alimentation"),
        ("/vocab/theme", "themes"),
        ("/vocab/themes/xyz", "themes"),
        ("/vocab/ns/Initiatives", "ns/Initiative"),
        ("/vocab/territoire/commune/01003", "territoire/commune/"),
        ("/vocab/territoire/comune", "territoire/commune"),
        ("/vocab/changes/vocab", "changes/vocabulary"),
    ],
)
def test_a_name_that_is_not_there_suggests_one_that_is(client, path, near):
    page = client.get(path)
    assert page.status_code == 404
    assert f'href="/vocab/{near}' in page.text
    problem = client.get(path, headers={"accept": "text/turtle"})
    assert (404, "application/problem+json") == (problem.status_code, problem.headers["content-type"])
    assert near in problem.json()["detail"]


# --- Who uses it ------------------------------------------------------------------------------------


def test_uses_are_counted_by_source_with_a_few_records_of_each(serving):
    found = Usage(serving).uses(Asked(THEME))
    assert [("Alpha", 7), ("Gamma", 1)] == [(one.title, one.things) for one in found.graphs]
    assert (8, 5) == (found.total, len(found.records))
    assert {"alpha", "gamma"} == {use.source for _, use in found.records}
    assert all(record.text and record.href.startswith(BASE + "id/") for record, _ in found.records)


def test_a_term_is_counted_as_class_or_property_in_the_house_too(serving):
    usage = Usage(serving)
    initiatives = usage.uses(Asked(iri.term("Initiative"), "class", house=True))
    assert [7, 1] == [one.things for one in initiatives.graphs]
    outcomes = usage.uses(Asked(iri.term("outcome"), "predicate", house=True))
    assert [("prov", 3)] == [(one.graph, one.things) for one in outcomes.graphs]


def test_the_page_of_a_concept_and_of_a_commune_show_their_uses(client):
    text = told(client, "/vocab/themes/alimentation")
    assert '<a href="/sources/alpha">Alpha</a></th><td class="n">7</td>' in text
    assert 'href="/id/alpha/jardin-' in text
    assert "secret" not in text
    assert '<td class="n">7</td>' in told(client, "/vocab/territoire/commune/35238")
    assert "Rien de ce qui est publié ne s&#39;en sert." in told(client, "/vocab/phases/essaimage")


def test_a_count_is_asked_once_for_each_checkpoint(serving):
    pool = QueryPool(serving.pool.checkpoint, workers=1, timeout_s=20)
    usage = Usage(replace(serving, pool=pool))
    found = usage.uses(Asked(THEME))
    pool.close()
    assert found
    assert found == usage.uses(Asked(THEME))
    assert usage.uses(Asked(AMAP)) is None
    pool.swap(Path("another"))
    assert usage.uses(Asked(THEME)) is None


def test_a_count_that_comes_late_is_said_to_be_late_and_the_page_is_there(serving):
    pool = QueryPool(serving.pool.checkpoint, workers=0, timeout_s=3)
    with served(replace(serving, pool=pool)) as client:
        began = time.monotonic()
        text = told(client, "/vocab/themes/alimentation")
    assert time.monotonic() - began < 2.5
    assert "Le décompte n&#39;est pas disponible" in text
    assert "Alimentation et agriculture" in text


def test_before_anything_is_published_the_vocabulary_is_there(unpublished):
    for path in (
        "/vocab/",
        "/vocab/ns/Initiative",
        "/vocab/themes/alimentation",
        "/vocab/profile",
        "/vocab/territoire",
    ):
        assert unpublished.get(path).status_code == 200, path
    assert "pas disponible" in unpublished.get("/vocab/ns/Initiative").text
    late = unpublished.get("/vocab/territoire/commune/35238")
    assert (503, "30") == (late.status_code, late.headers["retry-after"])


# --- Territories ------------------------------------------------------------------------------------


def test_a_territory_tells_what_is_above_and_inside_it(client):
    text = told(client, "/vocab/territoire/departement/35")
    assert "<h1>Ille-et-Vilaine" in text
    assert 'href="/vocab/territoire/region/53">Bretagne</a>' in text
    assert 'href="/vocab/territoire/commune/35238">Rennes</a>' in text
    commune = told(client, "/vocab/territoire/commune/35238")
    assert "Code postal" in commune
    assert "35000" in commune
    assert "Rennes Métropole" in commune


def test_every_level_has_a_page_that_lists_it_or_says_where_it_is(client):
    text = told(client, "/vocab/territoire")
    for level in territory.LEVELS:
        assert f'href="/vocab/territoire/{level}"' in text
        assert told(client, f"/vocab/territoire/{level}")
    assert "Bretagne" in told(client, "/vocab/territoire/region")
    assert 'href="/vocab/territoire/departement"' in told(client, "/vocab/territoire/commune")


# --- Profile, shapes, questions, files ----------------------------------------------------------------


def test_the_profile_tells_every_kind_class_property_shape_and_concept(client):
    text = told(client, "/vocab/profile")
    page = Page(text)
    assert {*items.KINDS, *items.DEPENDENTS, "record"} <= set(page.anchors)
    assert {f"scheme-{name}" for name in vocab.schemes()} <= set(page.anchors)
    every = shaped.all_shapes().values()
    parts = {name for one in every for name in one.parts}
    rules = {one.name for one in every if one.path is not None and (one.address in parts or one.targets)}
    linked = {link.partition("#")[2] for link in page.links if link.startswith("/vocab/shapes#")}
    assert set() == rules - linked
    for classes in writing.CLASSES.values():
        assert all(f"<code>{one}</code>" in text for one in classes)
    concepts = {"/" + terms.path(one) for scheme in terms.schemes() for one in scheme.members}
    assert set() == concepts - set(page.links)
    assert all(f"<code>{space}</code>" in text for space in vocab.prefixes().values())


def test_every_item_field_stands_in_the_profile():
    found = {name for part in profiled.profile().parts for row in part.rows for name in row.fields}
    silent = {"postcode", "department", "country", "language", *writing.ADDRESS}  # they find or colour others
    assert set() == set(items.FIELDS) - found - silent


def test_a_row_of_the_profile_joins_what_several_shapes_say():
    event = next(part for part in profiled.profile().parts if part.name == "event")
    start = next(row for row in event.rows if row.term == full("schema:startDate"))
    assert ("1..1", ("start",)) == (start.cardinality, tuple(start.fields))
    assert {"dateTime", "date"} == {one.rpartition("#")[2] for one in start.takes}
    assert {"Violation"} <= {one.severity for one in start.shapes}


def test_every_example_of_the_profile_is_turtle_and_names_what_exists():
    head = "".join(f"@prefix {prefix}: <{space}> .\n" for prefix, space in vocab.prefixes().items())
    known = {*terms.names().values(), *vocab.prefixes().values()}
    for term, text in profiled.samples().items():
        (quad,) = ox.parse(f"{head}<x:s> <{term}> {text} .".encode(), format=ox.RdfFormat.TURTLE)
        if isinstance(quad.object, ox.NamedNode) and quad.object.value.startswith((vocab.BASE, iri.NS)):
            assert quad.object.value in known, text


def test_every_shape_has_its_anchor_its_words_and_its_turtle(client):
    page = Page(told(client, "/vocab/shapes"))
    assert {one.name for one in shaped.all_shapes().values()} <= set(page.anchors)
    text = told(client, "/vocab/shapes", "en")
    message = shapes.messages()["label"]
    assert message["fr"] in text
    assert message["en"] in text
    turtle = client.get("/vocab/shapes", headers={"accept": "text/turtle"})
    assert turtle.text == shapes.shapes_turtle()
    assert turtle.headers["content-type"].startswith("text/turtle")


def test_questions_open_in_the_form_and_can_be_answered(client):
    text = told(client, "/vocab/questions")
    for name, question in questions.questions().named.items():
        assert set(BOTH) <= set(question.labels), name
        assert f'href="/vocab/questions/{name}"' in text
        assert question.query in unescape(told(client, f"/vocab/questions/{name}"))
        answer = client.get("/sparql", params={"query": question.query}, headers={"accept": "text/csv"})
        assert answer.status_code == 200, (name, answer.text)
    assert client.get("/vocab/questions/nulle").status_code == 404


QUESTION = """
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
<https://w3id.org/archipel/vocab/questions/essai> a sh:SPARQLSelectExecutable ;
    rdfs:label "Essai"@fr, "Trial"@en ; rdfs:comment "Pour voir."@fr ;
    sh:select \"\"\"
        PREFIX pair: <http://example.org/other#>
        SELECT ?s { ?s a archipel:Initiative ; pair:label ?x ; <http://a.example/b:c> "foaf:name" }
    \"\"\" .
"""


def test_a_question_gets_the_prefixes_it_uses_and_does_not_declare(tmp_path):
    assert questions.read(tmp_path / "nowhere").named == {}
    (tmp_path / "essai.ttl").write_text(QUESTION, encoding="utf-8")
    (question,) = questions.read(tmp_path).named.values()
    assert ("essai", "Trial", "Pour voir.") == (question.name, question.labels["en"], question.comments["fr"])
    declared = re.findall(r"^PREFIX ([\w-]+):", question.query, re.MULTILINE)
    assert {"archipel", "pair"} == set(declared)
    assert declared.count("pair") == 1
    assert b"SPARQLSelectExecutable" in questions.read(tmp_path).ntriples(question.address)


def test_prefixes_come_as_page_json_and_toml(client):
    assert vocab.prefixes() == client.get("/vocab/prefixes?format=json").json()
    toml = client.get("/vocab/prefixes", headers={"accept": "application/toml"})
    assert (vocab.folder() / "prefixes.toml").read_text(encoding="utf-8") == toml.text
    assert client.get("/vocab/prefixes?format=docx").status_code == 406
    context = client.get("/vocab/context.jsonld")
    assert "application/ld+json" == context.headers["content-type"]
    assert "archipel" in context.json()["@context"]


def test_a_changelog_is_told_version_by_version(client):
    assert "<h2>0.1.0</h2>" in told(client, "/vocab/changes/vocabulary")
    plain = client.get("/vocab/changes/shapes", headers={"accept": "text/markdown"})
    assert (vocab.shapes_folder() / "CHANGELOG.md").read_text(encoding="utf-8") == plain.text


def test_a_changelog_keeps_every_line_of_its_lists():
    text = "# Title\n\nLead, `code`.\n\n## 1.0\n\n- one\n  goes on\n- two\n\n## 0.9\n- three\n"
    found = [(one.kind, ["".join(parts) for parts in one.texts]) for one in vocabulary_files.blocks(text)]
    assert found == [("p", ["Lead, code."]), ("h2", ["1.0"]), ("ul", ["one goes on", "two"]), ("h2", ["0.9"]),
                     ("ul", ["three"])]  # fmt: skip


# --- No link is broken ------------------------------------------------------------------------------


@pytest.mark.timeout(600)  # a thousand pages, on a machine that does other things too
def test_no_link_from_the_vocabulary_is_broken(client):
    opened, wanted = crawled(client)
    assert len(opened) > 500
    assert {path: page for path, page in opened.items() if isinstance(page, int)} == {}
    lost = [(path, anchor) for path, anchor in sorted(wanted) if anchor not in opened[path].anchors]
    assert lost == []


def crawled(client):
    """Every page reached from /vocab/, by path: its anchors, or the status of one that is not there."""
    opened, wanted, waiting, branches = {}, set(), ["/vocab/"], Counter()
    while waiting:
        path = waiting.pop()
        if path in opened or over(path, branches):
            continue
        answer = client.get(path)
        opened[path] = answer.status_code if answer.status_code != 200 else Page(answer.text)
        if answer.status_code == 200 and path.startswith("/vocab"):
            for link in opened[path].links:
                target, anchor = urldefrag(urljoin(path, link))
                if not urlsplit(target).netloc and not target.startswith(("/static", "/favicon", "mailto:")):
                    waiting.append(target)
                    wanted |= {(target, unquote(anchor))} if anchor else set()
    return opened, {(path, anchor) for path, anchor in wanted if isinstance(opened.get(path), Page)}


def over(path, branches):
    """True when enough pages of this branch were opened; other languages and formats are tested elsewhere."""
    if "format=" in path or "lang=" in path:
        return True
    branch = "/".join(path.split("/")[1:3])
    branches[branch] += path.count("/") > 3
    return branches[branch] > CRAWLED.get(branch, 10_000)


def mentioned():
    """Every IRI under w3id.org/archipel that the files of the vocabulary and of the shapes mention."""
    folders = (vocab.folder(), vocab.shapes_folder())
    files = [file for folder in folders for file in folder.rglob("*.ttl")]
    quads = (quad for file in files for quad in ox.parse(path=file))
    nodes = (node for quad in quads for node in (quad.subject, quad.predicate, quad.object))
    named = {node.value for node in nodes if isinstance(node, ox.NamedNode)}
    context = json.loads((vocab.folder() / "context.jsonld").read_text(encoding="utf-8"))["@context"]
    named |= {value for value in context.values() if isinstance(value, str)}
    named |= set(vocab.prefixes().values())
    return sorted(one for one in named if one.startswith(iri.ROOT))


def rules():
    text = (ROOT / "deploy" / "w3id" / ".htaccess").read_text(encoding="utf-8")
    return re.findall(r"^RewriteRule (\S+) https://([^/\s]+)(\S*) \[R=303", text, re.MULTILINE)


def redirected(address):
    """Where w3id.org sends an IRI, on the host that answers; the first rule that fits, as Apache takes it."""
    path, anchor = urldefrag(address)
    for pattern, _, target in rules():
        if found := re.search(pattern, path.removeprefix(iri.ROOT)):
            return re.sub(r"\$(\d)", lambda group: found[int(group[1])] or "", target), anchor
    raise AssertionError(f"no rule for {address}")


def test_the_rules_for_w3id_name_one_host_and_each_leads_somewhere(client):
    assert len({host for _, host, _ in rules()}) == 1
    version = profiled.profile()
    used = {"": "/vocab/", "ns": "/vocab/ns", "shapes": "/vocab/shapes", "context.jsonld": "/vocab/context.jsonld",
            f"ns/{version.vocabulary}": f"/vocab/ns/{version.vocabulary}",
            f"shapes/{version.shapes}": f"/vocab/shapes/{version.shapes}",
            "vocab/themes": "/vocab/themes", "territoire/commune/35238": "/vocab/territoire/commune/35238"}  # fmt: skip
    assert len(rules()) == len(used)
    for address, path in used.items():
        assert (path, "") == redirected(iri.ROOT + address)
        assert client.get(path).status_code == 200


def test_every_iri_of_ours_that_is_mentioned_leads_to_its_page(client):
    pages = {}
    for address in mentioned():
        path, anchor = redirected(address)
        if path not in pages:
            answer = client.get(path)
            assert answer.status_code == 200, address
            pages[path] = Page(answer.text).anchors if answer.text.startswith("<!") else []
        assert not anchor or anchor in pages[path], address
