"""Which addresses hold the index of a directory, and which do not."""

from __future__ import annotations

import pytest
from looks import Looks, page, seen

from harvester import connectors
from harvester.connectors._recognition import Certainty

INDEX = "https://fiches.example/index.json"

recognised = connectors.load("directory").recognised


def test_directory_index_tells_its_folders_and_its_readme_names_it():
    looks = Looks({"https://fiches.example/README.md": "---\nlicense: ODbL-1.0\n---\n# Nos fiches\n"})
    names = ["README.md", "habiter/a.md", "habiter/b.markdown", "c.json", "logo.png"]
    found = recognised(seen(INDEX, {"files": names}), looks)
    assert (found.certainty, found.title, found.licence, found.count) == (
        Certainty.SHAPE, "Nos fiches", "ODbL-1.0", 4
    )  # fmt: skip
    assert found.learned == ["folder habiter: 2 files", "folder .: 2 files"]


def test_directory_readme_that_cannot_be_read_says_nothing():
    looks = Looks({"https://fiches.example/README.md": "---\n[broken\n---\n# Fiches\n"})
    assert recognised(seen(INDEX, ["README.md", "a.md"]), looks).title is None


@pytest.mark.parametrize(
    "body",
    [
        [], ["README.md"], ["a.png", "b.png", "c.md"], ["../a.md"], ["/a.md"], ["https://x.example/a.md"],
        ["a.md", 3], [{"name": "a.md"}], {"files": {"a.md": 1}}, {"a.md": 1}, "a.md\nb.md\n",
    ],
)  # fmt: skip
def test_directory_lookalikes_are_not_recognised(body):
    looks = Looks()
    assert recognised(seen(INDEX, body), looks) is None
    assert looks.asked == []


def test_directory_page_without_an_index_costs_nothing():
    looks = Looks()
    assert recognised(page("https://fiches.example/", '<a href="a.md">a</a>'), looks) is None
    assert looks.asked == []
