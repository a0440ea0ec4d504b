"""A real Virtuoso with a folder of its own, and a user who may write graphs by HTTP Digest."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

from running import answering, free_port, started

USER, PASSWORD = "archipel", "s3cret words"
INI = """
[Database]
DatabaseFile = {folder}/virtuoso.db
ErrorLogFile = {folder}/virtuoso.log
LockFile = {folder}/virtuoso.lck
TransactionFile = {folder}/virtuoso.trx
xa_persistent_file = {folder}/virtuoso.pxa
FileExtend = 200
[TempDatabase]
DatabaseFile = {folder}/virtuoso-temp.db
TransactionFile = {folder}/virtuoso-temp.trx
[Parameters]
ServerPort = 127.0.0.1:{sql}
NumberOfBuffers = 20000
DirsAllowed = {folder}
[HTTPServer]
ServerPort = 127.0.0.1:{http}
ServerThreads = 8
[SPARQL]
ResultSetMaxRows = 1000000
MaxQueryCostEstimationTime = 400
MaxQueryExecutionTime = 60
"""
RIGHTS = f"""
DB.DBA.USER_CREATE('{USER}', '{PASSWORD}');
GRANT SPARQL_UPDATE TO "{USER}";
DB.DBA.RDF_DEFAULT_USER_PERMS_SET('{USER}', 7);
"""


def said(sql: int, statements: str) -> str:
    command = ["isql-vt", f"127.0.0.1:{sql}", "dba", "dba", "ERRORS=STDOUT"]
    ran = subprocess.run(command, input=statements, capture_output=True, text=True, timeout=60, check=True)
    assert "*** Error" not in ran.stdout, ran.stdout
    return ran.stdout


@contextmanager
def virtuoso(folder: Path):
    """The address of the server, ready for `USER`."""
    assert shutil.which("virtuoso-t"), "Virtuoso is missing; run scripts/services virtuoso"
    folder.mkdir()
    sql, http = free_port(), free_port()
    (folder / "virtuoso.ini").write_text(INI.format(folder=folder, sql=sql, http=http))
    url = f"http://127.0.0.1:{http}"
    command = ["virtuoso-t", "+foreground", "+configfile", folder / "virtuoso.ini"]
    with started(command, lambda: answering(f"{url}/sparql"), said=folder / "said"):
        said(sql, RIGHTS)
        yield url
