"""The commands that help to declare a source, as a maintainer runs them."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from datetime import timedelta
from pathlib import Path

import pytest
from served import served
from shelf import RECORDINGS, Shelf, harvested, refs, source
from typer.testing import CliRunner

from harvester import vocab
from harvester.cli import app

RUNNER = CliRunner()
KEYS = {"allow_private": "true", "delay": '"0s"', "attempts": "1"}


@pytest.fixture
def said(tmp_path, monkeypatch):
    """Runs a command in an empty folder; its result."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("harvester.scaffold.looking.DELAY", timedelta(0))
    return lambda *words: RUNNER.invoke(app, list(words))


@pytest.fixture
def partner():
    with served("gogocarto", "answers.json", "recognition.json") as opened:
        yield opened


def declare(partner, *, map_: str = "") -> None:
    keys = "".join(f"{name} = {value}\n" for name, value in KEYS.items())
    Path("sources.toml").write_text(
        '[source.carte]\ntitle = "Carte"\nconnector = "gogocarto"\nlicence = "ODbL-1.0"\n'
        f'url = "{partner.address("https://carte.example.org")}"\n{keys}\n[source.carte.map]\n{map_}\n'
    )


# source add


def test_add_prints_a_table_and_writes_nothing_unasked(said, partner):
    told = said("source", "add", partner.address("https://carte.example.org/"), "--allow-private")

    assert told.exit_code == 0, told.output
    table = tomllib.loads(told.stdout)["source"]["carte-des-alternatives"]
    assert table["connector"] == "gogocarto"
    assert table["title"] == "Carte des alternatives"
    assert table["licence"] == "ODbL-1.0"
    assert "# to say: publisher: who publishes this?" in told.stdout
    assert not Path("sources.toml").exists()


def test_add_writes_after_what_is_there_and_gives_a_free_id(said, partner):
    Path("sources.toml").write_text('# ours\n[federation]\ntitle = "Essai"\n')
    address = partner.address("https://carte.example.org/")

    for _ in range(2):
        assert said("source", "add", address, "--allow-private", "--write").exit_code == 0

    text = Path("sources.toml").read_text()
    assert text.startswith('# ours\n[federation]\ntitle = "Essai"\n')
    assert list(tomllib.loads(text)["source"]) == ["carte-des-alternatives", "carte-des-alternatives-2"]
    assert said("check").exit_code == 0


def test_add_refuses_an_id_that_is_taken_or_wrong_and_leaves_the_file_alone(said, partner):
    declare(partner)
    before = Path("sources.toml").read_text()
    address = partner.address("https://carte.example.org/")

    taken = said("source", "add", address, "--allow-private", "--write", "--id", "carte")
    wrong = said("source", "add", address, "--allow-private", "--write", "--id", "Ma Carte")

    assert (taken.exit_code, wrong.exit_code) == (2, 2), taken.exception
    assert "carte" in taken.stderr
    assert "may hold only a-z" in wrong.stderr
    assert Path("sources.toml").read_text() == before
    assert [one.name for one in Path().iterdir()] == ["sources.toml"]


def test_add_says_why_an_address_cannot_be_read(said, partner):
    told = said("source", "add", partner.address("https://carte.example.org/rien"), "--allow-private")

    assert told.exit_code == 1
    assert re.search(r"http://\S+/rien answered 404", told.stderr)


def test_add_asks_no_private_address_unless_it_is_told_to(said, partner):
    told = said("source", "add", partner.address("https://carte.example.org/"))

    assert told.exit_code == 1
    assert "allow_private" in told.stderr


def test_add_says_what_to_do_with_what_nobody_recognises(said, partners):
    partners.serve("/rien", b"\x00\x01\x02", "application/octet-stream")

    told = said("source", "add", f"{partners.url}/rien", "--allow-private")

    assert told.exit_code == 1
    assert "not recognised" in told.stderr
    assert "docs/howto/add-a-source.md" in told.stderr


# source preview


def test_preview_shows_items_findings_and_coverage_and_stores_nothing(said, partner):
    declare(partner)

    told = said("source", "preview", "carte", "--records", "100")

    assert told.exit_code == 0, told.output
    assert "AMAP Vertitude" in told.stdout
    assert re.search(r"\n  city +Mimizan\n", told.stdout)
    assert "not mapped: optionValues" in told.stdout
    assert "the whole listing" in told.stdout
    assert not list(Path("store").glob("raw/*"))


def test_preview_of_a_few_records_stops_there(said, partner):
    declare(partner)

    told = json.loads(said("source", "preview", "carte", "--records", "2", "--json").stdout)

    assert len(told["records"]) == 2
    assert told["whole"] is False
    assert told["records"][0]["item"]["name"] == "AMAP Vertitude"


def test_preview_of_a_source_that_does_not_answer_says_so(said, partner):
    declare(partner)
    text = Path("sources.toml").read_text()
    Path("sources.toml").write_text(re.sub(r'(url = "[^"]+)"', r'\1/nowhere"', text))

    told = said("source", "preview", "carte")

    assert told.exit_code == 1
    assert "answered 404" in told.stderr


# source capture


def test_captured_recording_is_trimmed_and_reads_back(said, partner):
    declare(partner)

    told = said("source", "capture", "carte", "--to", "recorded", "--records", "2")

    assert told.exit_code == 0, told.output
    folder = Path("recorded")
    labels = json.loads((folder / "answers.json").read_text())
    table = tomllib.loads((folder / "source.toml").read_text())["source"]["recorded"]
    shelf = Shelf({url: (folder / label["file"]).read_bytes() for url, label in labels.items()}, labels)
    again = harvested(source(table.pop("connector"), table.pop("url"), **table), shelf)
    assert len(refs(again)) == 2
    assert "Captured on" in (folder / "SOURCE.md").read_text()


def test_captured_recording_holds_no_contact_and_no_text_that_nobody_maps(said, partners):
    people = [
        {
            "id": f"r{n}",
            "nom": "Repair café",
            "texte": "Écrire à jeanne.martin@example.org ou au 06 12 34 56 78.",
            "email": "jeanne.martin@example.org",
            "author": {"name": "Jeanne Martin"},
            "referent": "Jeanne Martin",
        }
        for n in range(30)
    ]
    partners.serve("/lieux.json", json.dumps({"total": 30, "lieux": people}).encode(), "application/json")
    keys = "".join(f"{name} = {value}\n" for name, value in KEYS.items())
    Path("sources.toml").write_text(
        f'[source.lieux]\ntitle = "Lieux"\nconnector = "json_api"\nurl = "{partners.url}/lieux.json"\n'
        f'records = "lieux"\ntotal = "total"\n{keys}\n[source.lieux.map]\nref = "id"\nname = "nom"\ndescription = "texte"\n'
    )

    told = said("source", "capture", "lieux", "--to", "recorded")

    assert told.exit_code == 0, told.output
    assert "does not close" not in told.stdout
    body = (Path("recorded") / "01.json").read_text()
    assert json.loads(body)["total"] == len(json.loads(body)["lieux"]) == 5
    assert not re.search(r"Jeanne|jeanne|06 12", body)
    assert "Repair café" in body


def test_capture_never_writes_over_a_folder(said, partner):
    declare(partner)
    Path("recorded").mkdir()

    told = said("source", "capture", "carte", "--to", "recorded")

    assert told.exit_code == 2
    assert "recorded: exists" in told.stderr


def test_capture_refuses_what_it_cannot_clean(said, partners):
    content = (RECORDINGS / "table" / "corse.xlsx").read_bytes()
    partners.serve(
        "/corse.xlsx", content, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    )
    keys = "".join(f"{name} = {value}\n" for name, value in KEYS.items())
    Path("sources.toml").write_text(
        f'[source.corse]\ntitle = "Corse"\nconnector = "table"\nurl = "{partners.url}/corse.xlsx"\n{keys}'
        'map = { ref = "ID", name = "Structure" }\n'
    )

    told = said("source", "capture", "corse", "--to", "recorded")

    assert told.exit_code == 1
    assert "cannot be cleaned of personal data" in told.stderr
    assert not Path("recorded").exists()


# source align


@pytest.fixture
def own_vocabulary(tmp_path, monkeypatch):
    """A copy of the vocabulary that may be written."""
    copy = tmp_path / "vocab"
    shutil.copytree(vocab.folder(), copy)
    monkeypatch.setattr(vocab, "folder", lambda: copy)
    yield copy
    for cached in (vocab.alignment, vocab.alignments):
        getattr(cached, "cache_clear", lambda: None)()


@pytest.mark.usefixtures("own_vocabulary")
def test_align_lists_categories_with_the_nearest_concepts_of_ours(said, partner):
    declare(partner, map_='theme = "taxonomie"\nkeywords = "optionValues"\ntype = "name"')
    assert said("run", "carte").exit_code in {0, 1}

    told = json.loads(said("source", "align", "carte", "--json").stdout)

    found = next(one for one in told["categories"] if one["category"] == "AMAP Vertitude")
    assert found["field"] == "type"
    assert found["records"] == 1
    assert found["nearest"][0]["name"] == "types/amap"
    assert len(found["nearest"]) == 3


@pytest.mark.usefixtures("own_vocabulary")
def test_confirmed_alignment_is_written_and_used_by_the_next_run(said, partner):
    declare(partner, map_='type = "name"')
    said("run", "carte")

    told = said("source", "align", "carte", "--accept", "85")

    assert "carte.ttl: AMAP Vertitude → types/amap" in told.stdout
    assert 'now say in [source.carte.map]: type = { from = "name", align = "carte" }' in told.stdout
    declare(partner, map_='type = { from = "name", align = "carte" }')
    vocab.alignment.cache_clear()
    assert f"{vocab.BASE}types/amap" in vocab.alignment("carte")["AMAP Vertitude"]
    assert said("run", "carte", "--from", "raw").exit_code in {0, 1}
    left = json.loads(said("source", "align", "carte", "--json").stdout)["categories"]
    assert "AMAP Vertitude" not in [one["category"] for one in left]


def test_align_before_the_first_run_says_to_run(said, partner):
    declare(partner)

    told = said("source", "align", "carte")

    assert told.exit_code == 2
    assert "no complete answers are kept" in told.stderr
