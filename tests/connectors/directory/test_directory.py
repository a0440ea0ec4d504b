"""What is special to directory."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from shelf import Shelf, harvested, reasons, recorded, refs, source, values

from harvester import connectors
from harvester.errors import SourceChanged, SourceUnavailable
from harvester.model import Kept, Record, Rejected


def folder(index: Any, **files: str) -> list[Record | Rejected]:
    bodies = {"https://d.example/index.json": json.dumps(index).encode()}
    bodies |= {f"https://d.example/{name.replace('__', '.')}": text.encode() for name, text in files.items()}
    return harvested(source("directory", "https://d.example/index.json"), Shelf(bodies))


def test_directory_sheet_gives_front_matter_heading_quote_links_and_images():
    (record,) = [
        record for record in harvested(*recorded("directory")) if "changer_les_notes" in (record.ref or "")
    ]
    value = record.value
    assert record.ref == "enseigner_autrement/changer_les_notes_a_l_ecole"
    assert value["title"] == "Favoriser la montée en compétence plutôt que les notes"
    assert value["title_h1"] == "Changer notre façon de donner des notes à l'école"
    assert value["quote"].startswith("J'ai décidé de favoriser la montée en compétence")
    assert value["links"] == ["https://player.vimeo.com/video/131563960"]
    assert value["images"] == ["https://i.vimeocdn.com/video/523998335_640.jpg"]
    assert value["body"].startswith("Philippe est professeur")
    assert value["folder"] == "enseigner_autrement"


def test_directory_files_that_cannot_be_read_are_rejected_alone():
    found = folder(
        {"files": ["a.md", "b.md", "c.md", "d.txt"]},
        a__md="# Bonjour\n\nVoir https://x.example/page.",
        b__md="---\ntitle: [\n---\n",
        c__md="---\na: &x [1]\nb: [*x, *x]\n---\n",
        d__txt="x",
    )
    assert refs(found) == ["a"]
    assert values(found)[0]["links"] == ["https://x.example/page"]
    assert [record.ref for record in found if isinstance(record, Rejected)] == ["b", "c", "d"]


def test_directory_sheet_that_cannot_be_had_keeps_its_last_version():
    found = folder(
        ["a.md", "gone.md", "empty.md", "page.md"], a__md="# A", empty__md=" ", page__md="<!doctype html>"
    )
    assert refs(found) == ["a"]
    assert [record.ref for record in found if isinstance(record, Kept)] == ["gone", "empty", "page"]


@pytest.mark.parametrize("files", [{}, {"many__json": "[{]"}])
def test_directory_json_file_that_cannot_be_read_proves_nothing_about_its_records(files):
    found = folder(["a.md", "many.json"], a__md="# A", **files)
    assert [record.ref for record in found] == ["a", None]


def test_directory_that_stops_answering_is_left_for_the_next_round():
    names = [f"{number}.md" for number in range(6)]
    shelf = Shelf({"https://d.example/index.json": json.dumps(names).encode()})
    shelf.failing = {f"https://d.example/{name}": SourceUnavailable("answered 503") for name in names}
    with pytest.raises(SourceUnavailable):
        harvested(source("directory", "https://d.example/index.json"), shelf)
    assert len(shelf.asked) == 1 + 5


def test_directory_json_files_hold_one_record_or_a_list():
    found = folder(
        ["x/one.json", "many.json"], **{"x/one__json": '{"name": "A"}', "many__json": '[{"id": 7}, {}, 3]'}
    )
    assert refs(found) == ["x/one", "many/7", "many/2"]
    assert [Rejected("many/3", "expected an object, got 3")] == [
        each for each in found if isinstance(each, Rejected)
    ]


def test_directory_dates_of_the_front_matter_are_text():
    (value,) = values(
        folder(["a.md"], a__md="---\ndate: 2021-03-04\nwhen: [2021-03-04 10:00:00]\n---\ntext\n")
    )
    assert (value["date"], value["when"]) == ("2021-03-04", ["2021-03-04T10:00:00"])


@pytest.mark.parametrize("name", ["../secret.md", "/etc/passwd.md", "https://elsewhere.example/a.md", "", {}])
def test_directory_index_names_only_what_is_beside_it(name):
    with pytest.raises(SourceChanged, match="not a relative file name"):
        folder([name])


def test_directory_none_of_whose_files_answers_fails():
    with pytest.raises(SourceChanged, match="none of 2 files answered"):
        folder(["a.md", "b.md"])


def test_directory_file_beyond_the_limit_is_rejected_unread():
    feed, shelf = recorded("directory")
    connector = connectors.load("directory")
    kept = list(connector.answers(feed, shelf, shelf))
    kept[1] = replace(kept[1], size=1 << 30)
    (reason,) = reasons(list(connector.records(feed, kept, shelf)))
    assert "has 1073741824 bytes" in reason
