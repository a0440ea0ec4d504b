"""A newcomer on a clean clone: one command, and a page in a real browser that shows the sources."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess

import pytest
from conftest import ROOT
from test_up import answered, free_port, published

BROWSER = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run", "--disable-quic", "--window-size=1200,1600", "--virtual-time-budget=4000",
]  # fmt: skip

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]


def seen(url: str, *more: str) -> bytes:
    """What headless Chromium prints of a page."""
    chromium = shutil.which("chromium")
    assert chromium, "chromium is missing; scripts/test real installs it"
    return subprocess.run(
        [chromium, *BROWSER, *more, url], capture_output=True, check=True, timeout=120
    ).stdout


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A clean clone of what is committed, without anything beside it."""
    folder = tmp_path_factory.mktemp("newcomer") / "archipel"
    subprocess.run(["git", "clone", "--quiet", ROOT, folder], check=True)
    return folder


@pytest.fixture(scope="module")
def port(clone):
    """The port of a server started by `scripts/up --demo`, once everything is published."""
    chosen = free_port()
    command = [clone / "scripts/up", "--demo", "--port", str(chosen), "--demo-port", str(free_port())]
    with (clone / "said.txt").open("w") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said)
        try:
            answered(chosen, "/", deadline_s=600, Accept="text/html")
            published(chosen, 1773)
            yield chosen
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0, (clone / "said.txt").read_text()


def test_the_page_shows_the_sources_and_their_counts(port):
    page = seen(f"http://127.0.0.1:{port}/sources?lang=en", "--dump-dom").decode()
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))

    for title, count in (
        ("Plateforme web des alternatives", "695"),
        ("On passe à l'acte", "31"),
        ("Corse", "161"),
    ):
        assert title in words
        assert count in words


def test_nothing_on_the_page_is_refused_by_its_own_policy(port, tmp_path):
    log = subprocess.run(
        [shutil.which("chromium"), *BROWSER, "--enable-logging=stderr", f"--screenshot={tmp_path / 'page.png'}", f"http://127.0.0.1:{port}/"],
        capture_output=True, text=True, check=True, timeout=120,
    ).stderr  # fmt: skip

    assert "Content Security Policy" not in log
    assert (tmp_path / "page.png").stat().st_size > 20_000


def test_a_clone_carries_no_address_of_a_registry_nor_of_a_machine(clone):
    files = subprocess.run(
        ["git", "ls-files"], cwd=clone, capture_output=True, text=True, check=True
    ).stdout.split("\n")
    forbidden = re.compile(
        r"pypi\.org|pythonhosted|registry\.npmjs|deb\.debian\.org|--index-url|--find-links"
    )
    named = [
        name for name in files if name and forbidden.search((clone / name).read_text("utf-8", "replace"))
    ]

    assert named == ["tests/test_newcomer.py"]
