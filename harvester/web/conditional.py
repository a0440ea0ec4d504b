"""Room: an answer that the asker holds already is not sent again (RFC 9110, section 13)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import blake2b

from fastapi import Request
from fastapi.responses import Response


def tag(*told: object) -> str:
    """A strong validator made from what an answer is made from."""
    return f'"{blake2b(json.dumps(told, default=str).encode(), digest_size=12).hexdigest()}"'


def unchanged(request: Request, headers: Mapping[str, str]) -> Response | None:
    """304 when the asker holds what these headers, with an `ETag`, are those of."""
    held = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    return Response(status_code=304, headers=dict(headers)) if {headers["ETag"], "*"} & {*held} else None
