"""What the editor is made of: vendored files as they were published, a strict policy, terms with their uses."""

import re
import tomllib
from hashlib import sha256

import pytest
from conftest import ROOT
from test_web import client, serving  # noqa: F401  # fixtures

from harvester.web import editor
from harvester.web.completion import own

STATIC = ROOT / "harvester/web/static"
MANIFEST = tomllib.loads((STATIC / "vendor/manifest.toml").read_text(encoding="utf-8"))
FILES = [(package["name"], file) for package in MANIFEST["package"] for file in package["file"]]


@pytest.mark.parametrize(("package", "file"), FILES, ids=[file["to"] for _, file in FILES])
def test_a_vendored_file_is_as_it_was_published(package, file):
    assert sha256((STATIC / "vendor" / file["to"]).read_bytes()).hexdigest() == file["sha256"], package


def test_nothing_is_vendored_that_the_manifest_does_not_name():
    held = {path.name for path in (STATIC / "vendor").iterdir()} - {"manifest.toml"}
    assert held == {file["to"] for _, file in FILES}


def test_every_vendored_package_says_its_licence_version_and_reason():
    for package in MANIFEST["package"]:
        assert package["licence"] in {"MIT", "BSD-2-Clause"}
        assert re.fullmatch(r"\d+\.\d+\.\d+", package["version"])
        assert all(package[name] for name in ("author", "home", "why"))


def test_the_page_of_the_endpoint_loads_only_its_own_and_no_other_page_runs_anything(client):  # noqa: F811
    page = client.get("/sparql")
    policy = dict(one.partition(" ")[::2] for one in page.headers["content-security-policy"].split("; "))
    assert ("'none'", "'self'") == (policy["default-src"], policy["script-src"])
    assert "unsafe" not in editor.POLICY
    assert not re.search(r"<script(?![^>]*\ssrc=\"/static/)", page.text)
    assert not re.search(r"\sstyle=|\son\w+=", page.text)
    assert "script-src" not in client.get("/").headers["content-security-policy"]


def test_every_asset_of_the_page_is_served(client):  # noqa: F811
    page = client.get("/sparql").text
    assets = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    assert len(assets) >= 6
    assert {200} == {client.get(one).status_code for one in assets}


def test_terms_are_told_with_their_uses_the_most_used_first(client):  # noqa: F811
    told = client.get("/sparql/terms.json?lang=en").json()["terms"]
    while any(one["used"] is None for one in told):  # what the house says until the workers have answered
        told = client.get("/sparql/terms.json?lang=en").json()["terms"]
    used = [one["used"] for one in told]
    assert used == sorted(used, reverse=True)
    named = {one["iri"]: one for one in told}
    initiative = named["https://w3id.org/archipel/ns#Initiative"]
    assert ("class", 2) == (initiative["kind"], initiative["used"])
    assert {"class", "property"} == {one["kind"] for one in told}


def test_our_own_terms_stand_in_until_the_uses_are_known():
    assert {"class", "property"} == {kind for kind, _, _ in own()}
    assert {None} == {used for _, _, used in own()}


def test_every_word_of_the_script_stands_in_the_page(client):  # noqa: F811
    script = (STATIC / "editor.js").read_text(encoding="utf-8")
    wanted = set(re.findall(r"\bsaid\.(\w+)", script))
    given = {
        re.sub(r"-(\w)", lambda one: one[1].upper(), name)
        for name in re.findall(r'\sdata-([a-z-]+)="', client.get("/sparql").text)
    }
    assert wanted <= given
