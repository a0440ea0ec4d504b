"""The examples of deploy/, put to work as they stand: nginx with TLS and a base with a path, the systemd unit."""

from __future__ import annotations

import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx
import pyoxigraph as ox
import pytest
import uvicorn
from conftest import HEAD, ROOT
from running import answering, free_port, started
from test_harvest import LISTING, gardens, serve, table

from harvester.cli.serving import Listening, server_config

EXAMPLE = (ROOT / "deploy/nginx/archipel.conf").read_text(encoding="utf-8")
CONTAINERFILE = ROOT / "deploy/container/Containerfile"
UNIT = ROOT / "deploy/systemd/archipel.service"
AROUND = """
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/archipel.conf;
}}
"""
BROWSER = {"Accept": "text/html"}
LONG = "SELECT * WHERE { GRAPH ?g { ?a ?b ?c } GRAPH ?h { ?d ?e ?f } }"
_LINK = re.compile(r'(?:href|src|action)="([^"]*)"')

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]


@contextmanager
def nginx(folder, port: int, behind: int):
    """nginx as the example says, on a port of loopback, with a certificate of its own: a context that trusts it."""
    assert shutil.which("nginx"), "nginx is missing; run scripts/services nginx"
    folder.mkdir()
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    changed = {
        "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
        "server 127.0.0.1:8000;": f"server 127.0.0.1:{behind};",
        "server_name example.org;": "server_name localhost;",
        "/etc/ssl/certs/example.org.pem": str(folder / "cert.pem"),
        "/etc/ssl/private/example.org.key": str(folder / "key.pem"),
    }
    text = EXAMPLE
    for said, here in changed.items():
        assert said in text
        text = text.replace(said, here)
    (folder / "archipel.conf").write_text(text, encoding="utf-8")
    user = "user root;" if os.getuid() == 0 else ""  # its folder is ours alone
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder, user=user), encoding="utf-8")
    command = ["nginx", "-p", folder, "-c", folder / "nginx.conf", "-g", "daemon off;"]
    trust = ssl.create_default_context(cafile=folder / "cert.pem")
    with started(command, lambda: listens(port), said=folder / "said"):
        yield trust


def listens(port: int) -> bool:
    return answering(f"http://127.0.0.1:{port}/")


@pytest.fixture
def site(federation, partners, tmp_path):
    """A client of a federation behind nginx; its base is where nginx answers."""
    port, behind = free_port(), free_port()
    base = f"https://localhost:{port}/archipel/"
    serve(partners, gardens(12))
    head = HEAD.replace("http://localhost:8000/", base)
    federation.config.write_text(head + table(partners.url + LISTING), encoding="utf-8")
    shutil.rmtree(federation.layout.oxigraph)  # it was made for another base
    places = ["--config", federation.config, "--store", federation.layout.root]
    command = [
        sys.executable,
        "-m",
        "harvester",
        "up",
        *places,
        "--port",
        str(behind),
        "--behind",
        "127.0.0.1",
    ]

    def ready() -> bool:
        return answering(f"http://127.0.0.1:{behind}/healthz")

    with (
        started(command, ready, said=tmp_path / "up.said", cwd=ROOT),
        nginx(tmp_path / "nginx", port, behind) as trust,
        httpx.Client(base_url=base, verify=trust, trust_env=False, timeout=60) as client,
    ):
        deadline = time.monotonic() + 120
        while client.get("readyz").status_code != 200 or not records(client):
            assert time.monotonic() < deadline, (tmp_path / "up.said").read_text(encoding="utf-8")
            time.sleep(0.5)
        yield client


def records(client) -> list[str]:
    query = "SELECT ?r { ?r a <https://w3id.org/archipel/ns#Initiative> } ORDER BY ?r"
    answer = client.get("sparql", params={"query": query}, headers={"Accept": "text/csv"})
    return answer.text.split()[1:] if answer.status_code == 200 else []


def test_a_federation_behind_nginx_with_tls_and_a_path(site):
    every_link_leads_somewhere(site)
    every_iri_dereferences(site)
    redirects_stay_under_the_base(site)
    the_endpoint_streams_and_a_cut_answer_is_broken(site)


def every_link_leads_somewhere(site):
    root = str(site.base_url)
    path = urlsplit(root).path
    waiting, seen = [root], {root}
    while waiting and len(seen) < 150:
        answer = site.get(waiting.pop(0), headers=BROWSER)
        assert answer.status_code == 200, (answer.url, answer.status_code)
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        for link in _LINK.findall(answer.text):
            assert not link.startswith("/") or link.startswith(path), (answer.url, link)
            assert not link.startswith(("http://localhost", "http://127.0.0.1:8000")), (answer.url, link)
            there = str(answer.url.join(link.replace("&amp;", "&"))).partition("#")[0]
            if there.startswith(root) and there not in seen and "/territoire/" not in there:
                seen.add(there)
                waiting.append(there)
    assert len(seen) > 60


def every_iri_dereferences(site):
    iris = records(site)
    assert len(iris) == 12
    for iri in iris[:3]:
        answer = site.get(iri, headers={"Accept": "application/n-triples"})
        triples = list(ox.parse(answer.content, format=ox.RdfFormat.N_TRIPLES))
        ours = {each.object.value for each in triples if isinstance(each.object, ox.NamedNode)}
        assert iri in {each.subject.value for each in triples}
        for other in sorted(each for each in ours if each.startswith(str(site.base_url))):
            assert site.get(other, headers={"Accept": "text/turtle"}).status_code == 200, other
        for address in re.findall(r"<([^>]+)>", answer.headers["link"]):
            assert not address.startswith("http://localhost"), address


def redirects_stay_under_the_base(site):
    port = site.base_url.port
    assert site.get(f"https://localhost:{port}/archipel").headers["location"].endswith("/archipel/")
    moved = site.get("sources/?lang=en", headers=BROWSER)
    assert (moved.status_code, moved.headers["location"]) == (307, "/archipel/sources?lang=en")
    assert site.get(moved.headers["location"].removeprefix("/archipel/")).status_code == 200
    assert site.get(f"https://localhost:{port}/sources").status_code == 404, "nothing stands outside the path"
    assert site.get("metrics").status_code == 200, "from loopback"


def the_endpoint_streams_and_a_cut_answer_is_broken(site):
    began = time.monotonic()
    asked = {"params": {"query": LONG}, "headers": {"Accept": "text/csv"}, "timeout": 90}
    with site.stream("GET", "sparql", **asked) as answer:
        assert answer.status_code == 200
        chunks = answer.iter_raw(1 << 16)
        next(chunks)
        first = time.monotonic() - began
        with pytest.raises(httpx.RemoteProtocolError):
            read_slowly(chunks)
    assert first < 10
    assert time.monotonic() - began > 20, "it was cut when its time was up"


def read_slowly(chunks):
    for _ in chunks:
        time.sleep(0.005)


@pytest.mark.parametrize(("believed", "asker"), [(None, "127.0.0.1"), ("127.0.0.1", "127.0.0.2")])
def test_who_asks_is_known_through_the_proxy_that_is_believed(tmp_path, believed, asker):
    async def client_of(scope, _receive, send):
        body = scope["client"][0].encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    port, behind = free_port(), free_port()
    config = server_config(client_of, Listening("127.0.0.1", behind, False, believed))
    config.port, config.lifespan = behind, "off"
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        with nginx(tmp_path / "nginx", port, behind) as trust:
            way = httpx.HTTPTransport(verify=trust, local_address="127.0.0.2", trust_env=False)
            with httpx.Client(transport=way, headers={"X-Forwarded-For": "192.0.2.7"}) as client:
                assert client.get(f"https://localhost:{port}/archipel/").text == asker
    finally:
        server.should_exit = True
        thread.join()


def test_the_unit_is_sound_and_exposes_little(tmp_path):
    harvester = ROOT / ".venv/bin/harvester"
    text = UNIT.read_text(encoding="utf-8").replace("/opt/archipel/.venv/bin/harvester", str(harvester))
    unit = tmp_path / UNIT.name
    unit.write_text(text.replace("file:///opt/archipel/", f"file://{ROOT}/"), encoding="utf-8")

    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, check=False
    )
    exposed = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=25", "--no-pager", unit],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert [line for line in said.stderr.splitlines() if "archipel" in line] == []
    assert exposed.returncode == 0, exposed.stdout[-2000:]


def steps(word: str) -> list[list[str]]:
    """The arguments of each line of the Containerfile that begins with this word."""
    text = CONTAINERFILE.read_text(encoding="utf-8").replace("\\\n", " ")
    return [line.split()[1:] for line in text.splitlines() if line.split(" ")[0] == word]


def test_what_the_container_copies_is_enough_to_install_serve_and_be_found_healthy(
    tmp_path, federation, partners
):
    """There is no image to start from without a registry of them: its own steps are run in a folder of their own."""
    inside = tmp_path / "opt"
    for *names, to in steps("COPY"):
        for name in names:
            copied(ROOT / name, inside / (name if to == "./" else to))
    install = " ".join(steps("RUN")[1]).partition(" && ")[0].split()
    bare = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    subprocess.run(install, cwd=inside, env={**os.environ, "HOME": str(tmp_path)}, check=True, timeout=280)
    serve(partners, gardens(5))
    federation.declare(table(partners.url + LISTING))
    told = dict(each.split("=") for each in steps("ENV")[0])
    assert set(told) == {"HARVESTER_CONFIG", "HARVESTER_STORE"}
    here = {"HARVESTER_CONFIG": str(federation.config), "HARVESTER_STORE": str(federation.layout.root)}
    port = str(free_port())
    (entry,), (words,) = (
        [json.loads(" ".join(line)) for line in steps(word)] for word in ("ENTRYPOINT", "CMD")
    )
    command = [place(inside, entry[0]), *words[:-1], port]
    health = json.loads(" ".join(steps("HEALTHCHECK")[0]).partition(" CMD ")[2])
    asked = [place(inside, health[0]), health[1], health[2].replace("8000", port)]

    def healthy() -> bool:
        return subprocess.run(asked, env=bare, capture_output=True, check=False).returncode == 0

    assert not healthy()
    with started(command, healthy, said=tmp_path / "said", cwd=tmp_path, env=bare | here):
        ready = httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False)
        assert ready.json()["status"] == "ready"


def copied(what, there):
    there.parent.mkdir(parents=True, exist_ok=True)
    if what.is_dir():
        shutil.copytree(what, there, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(what, there)


def place(inside, path: str) -> str:
    return path.replace("/opt/archipel", str(inside))
