"""Queries that would bring an endpoint down, with what ours must say of each, and light ones asked beside them."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import psutil

LIGHT = "SELECT ?o { <http://e/7> <http://e/p> ?o }"
HUGE = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
STOPPED = {"timeout", "memory"}
UNIONS = " UNION ".join(f"{{ ?s ?p {n} }}" for n in range(10_000))


def nested(opening: str, middle: str, closing: str, times: int = 10_000) -> str:
    return f"SELECT * {{ {opening * times}{middle}{closing * times} }}"


QUERIES = {
    "3-way cartesian": ("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?a != ?i) }", STOPPED),
    "path both ways": ("SELECT (COUNT(*) AS ?n) { ?a (<http://e/p>|^<http://e/p>)* ?b . ?c (<http://e/p>|^<http://e/p>)* ?d }", STOPPED),
    "order over a cartesian": ("SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?i ?a", STOPPED),
    "group over a cartesian": ("SELECT ?a ?d (GROUP_CONCAT(?i) AS ?x) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } GROUP BY ?a ?d", STOPPED),
    "regex over everything": (
        'SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(REGEX(CONCAT(?c, ?f, ?i), "(x+x+)+y$")) }', STOPPED,
    ),
    "10,000 unions": (f"SELECT * {{ {UNIONS} }}", STOPPED | {"too-complex"}),
    "500 patterns": (f"SELECT * {{ {'?s ?p ?o . ' * 500} }}", STOPPED | {"too-complex"}),
    "deep groups": (nested("{", "?s ?p ?o", "}"), {"too-complex"}),
    "deep brackets": (nested("FILTER(" + "(", "1", ")"), {"too-complex", "syntax"}),
    "deep negation": (f"SELECT * {{ ?s ?p ?o FILTER({'!' * 10_000}true) }}", {"too-complex"}),
    "deep paths": (nested("?s " + "(", "<http://e/p>", ")") .replace(" }", "* ?o }"), {"too-complex", "syntax"}),
    "deep subselects": (nested("{ SELECT * {", "?s ?p ?o", "} }"), {"too-complex"}),
    "deep graphs": (nested("GRAPH ?g {", "?s ?p ?o", "}"), {"too-complex"}),
    "service to loopback": ("SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", {"service"}),
    "insert": ("INSERT DATA { <http://e/a> <http://e/b> 1 }", {"update"}),
    "drop": ("PREFIX e: <http://e/> DROP ALL", {"update"}),
    "5 MB": (f"SELECT * {{ ?s ?p ?o }} # {'x' * 5_000_000}", {"too-long"}),
}  # fmt: skip
"""Name -> the query, and the kinds of refusal that are right."""


def data(count: int) -> bytes:
    return b"".join(
        f'<http://e/{n}> <http://e/p> "{"x" * (n % 40)}{n}" <http://e/g> .\n'.encode() for n in range(count)
    ) + b"".join(
        f"<http://e/{n}> <http://e/p> <http://e/{n * 7 % count}> <http://e/g> .\n".encode()
        for n in range(count)
    )


def ask(client: httpx.Client, query: str, who: str) -> tuple[float, httpx.Response]:
    """Ask as another asker, as a proxy on this machine would tell them apart; with the seconds it took."""
    began = time.monotonic()
    answer = client.post("/sparql", data={"query": query}, headers={"x-forwarded-for": who}, timeout=120)
    return time.monotonic() - began, answer


def unread(client: httpx.Client, who: str, seconds: float) -> str:
    """Begin a huge answer and stop reading; says how it ended once it is read on."""
    try:
        with client.stream(
            "POST", "/sparql", data={"query": HUGE}, headers={"x-forwarded-for": who}, timeout=120
        ) as answer:
            assert answer.status_code == 200
            time.sleep(seconds)
            for _ in answer.iter_raw():
                pass
    except httpx.RemoteProtocolError:
        return "broken"
    return "whole"


@contextmanager
def light_beside(client: httpx.Client, pause: float = 0.02) -> Iterator[list[float]]:
    """Light queries of another asker all the while; the seconds that each took."""
    took: list[float] = []
    over = threading.Event()

    def go_on() -> None:
        while not over.wait(pause):
            seconds, answer = ask(client, LIGHT, "10.0.0.1")
            assert answer.status_code == 200, answer.text
            took.append(seconds)

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield took
    finally:
        over.set()
        thread.join()


@contextmanager
def memory() -> Iterator[list[int]]:
    """The bytes that this process and all it has started hold, sampled."""
    held: list[int] = []
    over = threading.Event()

    def sample() -> None:
        while not over.wait(0.1):
            held.append(resident())

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield held
    finally:
        over.set()
        thread.join()


def resident() -> int:
    total = 0
    this = psutil.Process(os.getpid())
    for process in (this, *this.children(recursive=True)):
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total
