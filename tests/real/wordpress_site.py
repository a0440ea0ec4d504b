"""A real WordPress on loopback: Debian's package, a MariaDB and PHP's own server, in a folder of their own.

Nothing of the machine's services is touched: the database has its own directory and a socket, no port.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from running import answering, free_port, started

PACKAGED = Path("/usr/share/wordpress")
OURS = Path(__file__).parent / "wordpress"
PHP = ["php", "-d", "opcache.enable_cli=1", "-d", "sendmail_path=/bin/true", "-d", "memory_limit=512M"]
MISSING = "{} is missing; run scripts/services wordpress"


@dataclass
class Site:
    """The site, and what a person does on it. `environment` is what its PHP reads."""

    folder: Path
    url: str
    environment: dict[str, str] = field(default_factory=dict)

    def do(self, verb, **said):
        """One deed in the administration of the site (wordpress/site.php); what came of it."""
        command = [*PHP, self.folder / "site/site.php", verb]
        done = subprocess.run(
            command, input=json.dumps(said), capture_output=True, text=True, check=False,
            cwd=self.folder, env=self.environment, timeout=60, **_person(),
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def asked(self):
        """The addresses asked for since the last look, in order."""
        visits = self.folder / "visits"
        lines = visits.read_text(encoding="utf-8").splitlines() if visits.exists() else []
        visits.unlink(missing_ok=True)
        return lines

    def keep(self):
        """Remember the site as it is, for `restore`."""
        kept = self._database("mariadb-dump", "--add-drop-table", "site")
        (self.folder / "kept.sql").write_bytes(kept)

    def restore(self):
        """Make the site what it was when it was kept."""
        self._database("mariadb", "site", said=(self.folder / "kept.sql").read_bytes())
        self.asked()

    @contextmanager
    def maintenance(self):
        """The site as during an update: WordPress answers 503 with a page."""
        mark = self.folder / "site/.maintenance"
        mark.write_text("<?php $upgrading = time();\n")
        try:
            yield
        finally:
            mark.unlink()

    def _database(self, program, *words, said=b""):
        command = [program, "--no-defaults", f"--socket={self.environment['SITE_DATABASE']}", "-u", "root"]
        done = subprocess.run([*command, *words], input=said, capture_output=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout


@contextmanager
def wordpress():
    """A site freshly installed, empty; gone with its folder at the end."""
    for program in ("php", "mariadbd", "mariadb-install-db", "mariadb", "mariadb-dump"):
        assert shutil.which(program), MISSING.format(f"the program '{program}'")
    assert (PACKAGED / "wp-load.php").exists(), MISSING.format("WordPress")
    with tempfile.TemporaryDirectory(prefix="archipel-wordpress-") as name, ExitStack() as running:
        folder = Path(name)
        shutil.chown(
            folder, **({"user": "www-data", "group": "www-data"} if _person() else {"user": os.getuid()})
        )
        port = free_port()
        site = Site(folder, f"http://127.0.0.1:{port}")
        site.environment = {
            "PATH": os.environ["PATH"],
            "SITE_DATABASE": str(folder / "socket"),
            "SITE_URL": site.url,
            "SITE_VISITS": str(folder / "visits"),
        }
        _laid_out(folder / "site")
        running.enter_context(_database(site))
        site._database("mariadb", said=b"CREATE DATABASE site")
        site.do("install")
        serve = [*PHP, "-S", f"127.0.0.1:{port}", "-t", folder / "site", folder / "site/router.php"]
        running.enter_context(
            started(
                serve, partial(answering, f"{site.url}/readme.html"), said=folder / "php.log",
                cwd=folder, env=site.environment, **_person(),
            )
        )  # fmt: skip
        yield site


def _person():
    """Who runs the programs: not root, whom MariaDB refuses; else whoever runs the tests."""
    if os.getuid() != 0:
        return {}
    person = pwd.getpwnam("www-data")
    return {"user": person.pw_uid, "group": person.pw_gid, "extra_groups": []}


def _laid_out(site):
    shutil.copytree(PACKAGED, site, ignore_dangling_symlinks=True)
    for name in ("wp-config.php", "router.php", "site.php"):
        shutil.copyfile(OURS / name, site / name)
    (site / "wp-content/mu-plugins").mkdir()
    shutil.copyfile(OURS / "events.php", site / "wp-content/mu-plugins/events.php")


@contextmanager
def _database(site):
    home = [f"--datadir={site.folder / 'database'}"]
    made = subprocess.run(
        ["mariadb-install-db", "--no-defaults", *home, "--auth-root-authentication-method=normal", "--skip-test-db"],
        capture_output=True, text=True, check=False, cwd=site.folder, timeout=60, **_person(),
    )  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr
    socket = site.environment["SITE_DATABASE"]
    serve = [
        "mariadbd", "--no-defaults", *home, f"--socket={socket}", f"--pid-file={site.folder / 'pid'}",
        "--skip-networking", "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=64M",
    ]  # fmt: skip
    ping = ["mariadb-admin", "--no-defaults", f"--socket={socket}", "-u", "root", "ping"]

    def ready():
        return subprocess.run(ping, capture_output=True, check=False, timeout=10).returncode == 0

    with started(serve, ready, said=site.folder / "database.log", cwd=site.folder, **_person()):
        yield
