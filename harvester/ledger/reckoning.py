"""Room: how often each finding was made in the records of a source."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, func, select, true

from harvester.ledger.tables import records


def finding_counts(connection: Connection, source: str) -> Mapping[tuple[str, str, str], int]:
    """How often each (severity, code, field) was found in the records of a source."""
    one = func.json_each(records.c.findings).table_valued("value")  # SQLite; PostgreSQL has its own name
    told = [func.json_extract(one.c.value, f"$.{name}") for name in ("severity", "code", "field")]
    query = select(*told, func.count()).select_from(records).join(one, true())
    query = query.where(records.c.source == source).group_by(*told)
    return {(severity, code, field): n for severity, code, field, n in map(tuple, connection.execute(query))}
