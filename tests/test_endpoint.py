"""The endpoint's promises: whole answers or refusals that say why, the same for everybody, and no work in vain."""

from __future__ import annotations

import gzip
import json
import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import httpx
import pyoxigraph as ox
import pytest
import zstandard
from queried import BASE, checkpoint, endpoint

from harvester.errors import QueryError
from harvester.triplestore import Query, QueryPool
from harvester.triplestore.turns import QUICK_S, Asker, Turns
from harvester.web.negotiation import QUERY_GRAPHS, RESULTS

ONE = "SELECT ?o { <http://e/1> ?p ?o }"
ALL = "SELECT * { ?s ?p ?o }"
PAIRS = "SELECT * { ?a ?b ?c . ?d ?e ?f }"
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"


def rows(count, text="v"):
    return b"".join(
        f'<http://e/{n}> <http://e/p> "{text}{n}" <http://e/g{n % 2}> .\n'.encode() for n in range(count)
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return checkpoint(tmp_path_factory.mktemp("made"), rows(2000))


@pytest.fixture(scope="module")
def pool(made):
    pool = QueryPool(made, workers=2, timeout_s=20)
    yield pool
    pool.close()


@pytest.fixture(scope="module")
def client(pool, tmp_path_factory):
    with endpoint(pool, tmp_path_factory.mktemp("layout")) as client:
        yield client


def ask(client, query, **headers):
    return client.get("/sparql", params={"query": query}, headers=headers)


def evaluations(pool, monkeypatch):
    """A list that grows with every query that reaches a worker."""
    asked = []
    line_up = pool.line_up
    monkeypatch.setattr(pool, "line_up", lambda asker, wake: asked.append(asker) or line_up(asker, wake))
    return asked


# --- Formats ---


@pytest.mark.parametrize("name", RESULTS)
def test_rows_come_in_every_format_by_accept_and_by_name(client, name):
    media = RESULTS[name][0]
    by_accept, by_name = (
        ask(client, ONE, accept=media),
        client.get("/sparql", params={"query": ONE, "format": name}),
    )
    assert by_accept.headers["content-type"].startswith(media)
    assert by_accept.content == by_name.content
    assert b"v1" in by_accept.content


@pytest.mark.parametrize("name", QUERY_GRAPHS)
def test_triples_come_in_every_format_by_accept_and_by_name(client, name):
    query, media = "CONSTRUCT WHERE { <http://e/1> ?p ?o }", QUERY_GRAPHS[name][0]
    by_accept = ask(client, query, accept=media)
    by_name = client.get("/sparql", params={"query": query, "format": name})
    assert by_accept.headers["content-type"].startswith(media)
    (told,) = ox.parse(by_accept.content, format=ox.RdfFormat.from_media_type(media))
    (same,) = ox.parse(by_name.content, format=ox.RdfFormat.from_media_type(media))
    assert (told.triple, same.triple) == (told.triple, told.triple)
    assert told.object.value == "v1"


@pytest.mark.parametrize(
    ("query", "accept"),
    [(ONE, "text/turtle"), ("CONSTRUCT WHERE { ?s ?p ?o }", "text/csv"), (ONE, "image/png")],
)
def test_a_format_that_cannot_hold_the_answer_is_refused_before_it_is_evaluated(client, query, accept):
    answer = ask(client, query, accept=accept)
    assert (406, "format") == (answer.status_code, answer.json()["kind"])
    assert accept in answer.json()["detail"]


@pytest.mark.parametrize(("name", "media"), [("json", "application/ld+json"), ("xml", "application/rdf+xml"),
                                             ("ttl", "text/turtle"), ("application/n-quads", "application/n-quads")])  # fmt: skip
def test_the_names_that_clients_use_for_formats_are_understood(client, name, media):
    answer = client.get("/sparql", params={"query": "CONSTRUCT WHERE { <http://e/1> ?p ?o }", "format": name})
    assert answer.headers["content-type"].startswith(media)


def test_relative_iris_are_resolved_at_the_endpoint(client):
    (row,) = ask(client, "SELECT ?x { BIND(<there> AS ?x) }").json()["results"]["bindings"]
    assert row["x"]["value"] == f"{BASE}there"


# --- Datasets ---


@pytest.mark.parametrize(
    ("clause", "count"),
    [("", "2000"), ("FROM <http://e/g0>", "1000"), ("FROM NAMED <http://e/g0>", "0"),
     ("FROM <http://e/g0> FROM <http://e/g1>", "2000")],
)  # fmt: skip
def test_a_dataset_named_by_the_query_replaces_the_union(client, clause, count):
    answer = ask(client, f"SELECT (COUNT(*) AS ?n) {clause} {{ ?s ?p ?o }}", accept="text/csv")
    assert answer.text.split()[-1] == count


def test_a_dataset_named_by_the_protocol_replaces_that_of_the_query(client):
    query = "SELECT (COUNT(*) AS ?n) FROM <http://e/g0> FROM <http://e/g1> { ?s ?p ?o }"
    answer = client.get(
        "/sparql", params={"query": query, "default-graph-uri": "http://e/g1", "format": "csv"}
    )
    assert answer.text.split()[-1] == "1000"


def test_a_graph_that_is_no_iri_is_refused(client):
    answer = client.get("/sparql", params={"query": ONE, "named-graph-uri": "not an iri"})
    assert (400, "graph") == (answer.status_code, answer.json()["kind"])


# --- Compression ---


def test_long_answers_are_compressed_and_tiny_ones_are_not(client):
    plain = ask(client, ALL, **{"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    for encoding, unpack in (("gzip", gzip.decompress), ("zstd", whole_zstd)):
        with client.stream(
            "GET", "/sparql", params={"query": ALL}, headers={"accept-encoding": encoding}
        ) as answer:
            body = b"".join(answer.iter_raw())
        assert answer.headers["content-encoding"] == encoding
        assert unpack(body) == plain.content
        assert len(body) < len(plain.content) / 4
    assert "content-encoding" not in ask(client, ONE, **{"accept-encoding": "gzip"}).headers


def whole_zstd(body):
    return zstandard.ZstdDecompressor().decompressobj().decompress(body)


def test_the_first_rows_of_a_compressed_answer_come_before_the_last(client):
    began = time.monotonic()
    with client.stream(
        "GET", "/sparql", params={"query": PAIRS}, headers={"accept-encoding": "gzip"}
    ) as answer:
        head = next(answer.iter_bytes())
    assert b"bindings" in head
    assert time.monotonic() - began < 5  # the whole of it is 4,000,000 rows


# --- Validators ---


def test_an_answer_held_already_costs_no_evaluation(client, pool, monkeypatch):
    first = ask(client, ONE)
    asked = evaluations(pool, monkeypatch)
    again = ask(client, ONE, **{"if-none-match": first.headers["etag"]})
    assert (304, b"", []) == (again.status_code, again.content, asked)
    assert again.headers["etag"] == first.headers["etag"]
    assert "accept" in again.headers["vary"].lower()


def test_a_tag_is_good_for_one_query_one_format_and_one_dataset(client):
    told = [
        ask(client, ONE), ask(client, ONE + " "), ask(client, ONE, accept="text/csv"),
        client.get("/sparql", params={"query": ONE, "default-graph-uri": "http://e/g0"}),
        client.get("/sparql", params={"query": ONE, "named-graph-uri": "http://e/g0"}),
    ]  # fmt: skip
    tags = [answer.headers["etag"] for answer in told]
    assert len(set(tags)) == len(tags)
    assert ask(client, ONE, **{"if-none-match": tags[2]}).status_code == 200
    assert ask(client, ONE, **{"if-none-match": f'"x", {tags[0]}'}).status_code == 304
    assert ask(client, ONE, **{"if-none-match": "*"}).status_code == 200


@pytest.mark.parametrize("call", ["NOW()", "RAND()", "UUID()", "STRUUID()", "BNODE()"])
def test_an_answer_that_holds_for_a_moment_has_no_tag(client, call):
    answer = ask(client, f"SELECT ?x {{ BIND({call} AS ?x) }}")
    assert ("no-store", False) == (answer.headers["cache-control"], "etag" in answer.headers)
    assert "etag" in ask(client, f'SELECT ?x {{ BIND("{call}" AS ?x) }}').headers


def test_after_a_publication_the_tag_is_another(client, pool, made, tmp_path):
    before = ask(client, ONE).headers["etag"]
    pool.swap(checkpoint(tmp_path, rows(2000, "new"), name=made.name))  # the same number, another store
    after = ask(client, ONE, **{"if-none-match": before})
    assert (200, True) == (after.status_code, b"new1" in after.content)
    pool.swap(made)
    assert ask(client, ONE).headers["etag"] == before


def test_a_refusal_has_no_tag_and_is_not_kept(client):
    answer = ask(client, "SELECT {")
    assert ("no-store", False) == (answer.headers["cache-control"], "etag" in answer.headers)


def test_head_tells_what_get_would_and_ends_at_once(client):
    began = time.monotonic()
    for query in (ONE, PAIRS):
        head = client.head("/sparql", params={"query": query})
        assert (200, b"") == (head.status_code, head.content)
        assert head.headers["etag"] == ask_head(client, query)
    assert client.head("/sparql", params={"query": "SELECT {"}).status_code == 400
    assert time.monotonic() - began < 5


def ask_head(client, query):
    with client.stream("GET", "/sparql", params={"query": query}) as answer:
        return answer.headers["etag"]


# --- Refusals ---


def test_limits_are_told_with_answers_refusals_and_the_description(client, pool):
    memory = pool.limits.memory
    expected = f"time=20, memory={memory}, length=1048576, concurrent=1"
    for answer in (
        ask(client, ONE),
        ask(client, "SELECT {"),
        client.get("/sparql", headers={"accept": "text/turtle"}),
    ):
        assert expected == answer.headers["query-limits"]
    body = client.get("/sparql", headers={"accept": "application/n-triples"}).text
    assert f'#limit-memory> <http://schema.org/value> "{memory}"' in body
    assert f"<{BASE}.well-known/void>" in body


def test_the_description_comes_within_a_tenth_of_a_second(client):
    client.get("/sparql", headers={"accept": "text/turtle"})
    took = []
    for _ in range(5):
        began = time.monotonic()
        assert client.get("/sparql", headers={"accept": "text/turtle"}).status_code == 200
        took.append(time.monotonic() - began)
    assert min(took) < 0.1


@pytest.mark.parametrize(
    ("query", "line", "column"),
    [
        ("SELECT * WHERE { ?s ?p }", 1, 24),
        ("SELECT * {\n  ?s ?p ?o\n  FILTER(?o = )\n}", 3, 15),
        ("SELECT * { ?s ex:p ?o }", 1, 15),
        ("PREFIX ex: <http://e/>\nSELECT * { ?s ex:p ?o . ?o foaf:name ?n }", 2, 28),
        ("SELECT * { ?s ?p ?o ", 1, 21),
        ("SELECT (GROUP_CONCAT(?x) AS ?y) { ?s ?p ?x . ?s }", 1, 49),
    ],
)
def test_a_syntax_error_gives_line_and_column(client, query, line, column):
    told = ask(client, query).json()
    assert ("syntax", line, column) == (told["kind"], told.get("line"), told.get("column")), told


def test_every_refusal_has_an_address_that_explains_it(client):
    told = ask(client, "SELECT {").json()
    path, _, fragment = told["type"].removeprefix(BASE.rstrip("/")).partition("#")
    assert f'id="{fragment}"' in client.get(path, headers={"accept": "text/html"}).text


HIDDEN = [
    "SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }",
    "SELECT * { ?s ?p ?a FILTER(?a<'>')SERVICE<http://127.0.0.1:9/>{?x ?y ?z} FILTER(?a='x') }",
    "PREFIX :<http://127.0.0.1:9/> SELECT * { ?s ?p ?a,?b FILTER(?a<?b)SERVICE:x#>\n{?x ?y ?z} }",
    "SELECT * { { SELECT * { SERVICE SILENT ?g { ?x ?y ?z } } } }",
    "ASK { FILTER(EXISTS { ?s <http://e/a'> ?o } && ?a<'>') SERVICE <http://127.0.0.1:9/> {} BIND('' AS ?y) }",
    "SELECT (EXISTS { SERVICE ?x {} } AS ?y) {}",
    "SELECT * { trueSERVICE <http://127.0.0.1:9/> {} }",
]


@pytest.mark.parametrize("query", HIDDEN)
def test_no_call_to_another_endpoint_is_ever_made(client, query, pool, monkeypatch):
    asked = evaluations(pool, monkeypatch)
    with socket.create_server(("127.0.0.1", 0)) as other:
        answer = ask(client, query.replace(":9/", f":{other.getsockname()[1]}/"))
        other.settimeout(0.05)
        with pytest.raises(TimeoutError):
            other.accept()
    assert answer.status_code in (400, 403), answer.text
    assert asked == []  # refused before a worker saw it


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { ?s <http://e/SERVICE> ?o FILTER(?o < <SERVICE>) }",
        "SELECT * { ?s ?p ?o FILTER(?o IN (<http://e/'>, 'SERVICE')) } # SERVICE",
        "PREFIX service: <http://e/> SELECT ?SERVICE { ?SERVICE service:p 'x'@service }",
        "SELECT * { (<http://e/a#SERVICE> <b'>) ?p [ <c'> 'SERVICE' ] }",
    ],
)
def test_the_word_service_elsewhere_is_no_call(client, query):
    assert ask(client, query).status_code == 200


def test_a_cut_answer_cannot_look_whole_over_http_1_0(client):
    def whole(address, query):
        with socket.create_connection(address) as wire:
            wire.sendall(f"GET /sparql?query={quote(query)} HTTP/1.0\r\naccept: text/csv\r\n\r\n".encode())
            return b"".join(iter(lambda: wire.recv(1 << 16), b""))

    address = client.base_url.host, client.base_url.port
    short = whole(address, ALL)
    assert (
        re.search(rb"content-length: (\d+)", short)[1] == str(len(short.partition(b"\r\n\r\n")[2])).encode()
    )
    long = whole(address, PAIRS)
    assert long.startswith(b"HTTP/1.1 505")
    assert json.loads(long.partition(b"\r\n\r\n")[2])["kind"] == "http-version"


# --- Turns ---


def test_a_query_whose_asker_leaves_before_the_first_byte_frees_its_worker_at_once(made, tmp_path):
    pool = QueryPool(made, workers=1, timeout_s=60)
    with endpoint(pool, tmp_path) as client:
        assert ask(client, ONE).status_code == 200
        with pytest.raises(httpx.ReadTimeout):
            client.get("/sparql", params={"query": ENDLESS}, timeout=0.5)
        began = time.monotonic()
        assert ask(client, ONE).status_code == 200
        assert time.monotonic() - began < 5
    pool.close()


def test_an_asker_who_leaves_while_waiting_is_not_waited_for(made):
    pool = QueryPool(made, workers=1, timeout_s=3)
    leaving = Asker("b")
    with ThreadPoolExecutor() as threads:
        busy = threads.submit(lambda: pool.ask(Query(ENDLESS), Asker("a")))
        time.sleep(0.2)
        waiting = threads.submit(pool.ask, Query(ONE), leaving)
        time.sleep(0.2)
        leaving.leave()
        assert waiting.exception(timeout=1).kind == "left"
        assert busy.exception(timeout=10).kind == "timeout"
    pool.close()


def test_one_asker_cannot_take_every_worker(made):
    pool = QueryPool(made, workers=4, timeout_s=3)
    with ThreadPoolExecutor() as threads:
        greedy = [threads.submit(pool.ask, Query(ENDLESS), Asker("greedy")) for _ in range(6)]
        time.sleep(QUICK_S)
        began = time.monotonic()
        assert b"".join(pool.ask(Query(ONE), Asker("other")).chunks)
        assert time.monotonic() - began < 2
        kinds = {one.exception(timeout=20).kind for one in greedy}
    assert kinds <= {"timeout", "busy"}
    pool.close()


def test_when_there_are_too_many_long_queries_the_next_one_is_told(made):
    pool = QueryPool(made, workers=4, timeout_s=4)  # two may last
    with ThreadPoolExecutor() as threads:
        asked = [threads.submit(pool.ask, Query(ENDLESS), Asker(f"asker {n}")) for n in range(3)]
        kinds = sorted(one.exception(timeout=20).kind for one in asked)
    assert kinds == ["busy", "timeout", "timeout"]
    pool.close()


def test_the_line_is_not_endless_and_half_of_it_is_for_others():
    turns = Turns([], each=1, long=1)
    with ThreadPoolExecutor(64) as threads:
        waiting = [threads.submit(turns.take, Asker("greedy"), time.monotonic() + 2) for _ in range(32)]
        while len(turns._waiting) < 32:
            time.sleep(0.01)
        with pytest.raises(QueryError) as caught:
            turns.take(Asker("greedy"), time.monotonic() + 1)
        other = threads.submit(turns.take, Asker("other"), time.monotonic() + 2)
        while len(turns._waiting) < 33:
            time.sleep(0.01)
        turns.give("first")
        turns.give("second")
        assert {other.result(5)} <= {"first", "second"}
        taken = [one for one in waiting if one.exception(10) is None]
    assert (caught.value.status, caught.value.kind, len(taken)) == (429, "busy", 1)


def test_those_who_have_nothing_under_way_come_first():
    turns = Turns([1, 2], each=2, long=1)
    greedy, modest = Asker("greedy"), Asker("modest")
    deadline = time.monotonic() + 5
    for _ in range(2):
        turns.take(greedy, deadline)
    got = []

    def take(asker):
        turns.take(asker, deadline)
        got.append(asker.name)

    threads = [threading.Thread(target=take, args=(asker,)) for asker in (greedy, modest)]
    for number, thread in enumerate(threads, 1):
        thread.start()
        while len(turns._waiting) < number:
            time.sleep(0.01)
    turns.leave(greedy, lasted=False)
    turns.give(1)
    time.sleep(0.2)
    turns.give(2)
    for thread in threads:
        thread.join()
    assert got == ["modest", "greedy"]
