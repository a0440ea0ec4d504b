"""Room: a triple store of the operator's own on another machine, by SPARQL 1.1 Protocol and Graph Store.

In: queries, updates, and graphs as N-Triples. Out: rows; or nothing, when the store took what was sent.
It waits and asks again when that may help, says whether less at once may be taken, and never shows a secret.
"""

from __future__ import annotations

import os
import re
from collections.abc import Generator, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson

from harvester.errors import MirrorError
from harvester.fetch.deadline import Deadline
from harvester.fetch.guard import GuardedBackend
from harvester.fetch.retry import Transient, pause_s, retried
from harvester.fetch.transport import Transport
from harvester.model import RemoteStore

_TURTLE = "text/turtle; charset=utf-8"  # N-Triples is a subset of it, and some stores read nothing else
_UPDATE = "application/sparql-update; charset=utf-8"
_FORM = "application/x-www-form-urlencoded"

_CONNECT_S = 10.0
_TOO_MUCH = frozenset({400, 413, 500})
"""What stores answer when a request holds more than they take; a smaller one tells whether it was that."""

_LATER = frozenset({408, 425, 429, 502, 503, 504})
_LONGEST_REASON = 160
_QUOTED = re.compile(r""""[^"]*"|'[^']*'""")


class TooMuch(Exception):
    """The store did not take this much at once; `answered` is False when it gave no answer in time."""

    def __init__(self, what: str, *, answered: bool) -> None:
        self.answered = answered
        super().__init__(what)


class Remote:
    """A store on another machine; one request at a time."""

    def __init__(
        self,
        at: RemoteStore,
        *,
        agent: str,
        timeout_s: float = 300,
        attempts: int = 3,
        backoff_s: float = 0.5,
    ) -> None:
        self._at = at
        self._timeout_s = timeout_s
        self._patience = {"attempts": attempts, "backoff": backoff_s}
        self._deadline = Deadline()
        backend = GuardedBackend("mirror", self._deadline, allow_private=True)  # the operator's own address
        self._client = httpx.Client(
            transport=Transport(backend), auth=_auth(at), headers={"User-Agent": agent},
            timeout=httpx.Timeout(timeout_s, connect=_CONNECT_S), trust_env=False,
        )  # fmt: skip

    def close(self) -> None:
        """Close every connection."""
        self._client.close()

    def rows(self, query: str) -> list[dict[str, str]]:
        """The solutions of a SELECT: variable -> lexical value, in the order of the store.

        Raises:
            MirrorError: it cannot be reached, refuses us, or does not answer as the Protocol says.
        """
        accepted = {"Accept": "application/sparql-results+json", "Content-Type": _FORM}
        asked = str(httpx.QueryParams({"query": query})).encode()
        try:
            answer = self._sent("POST", self._at.query, headers=accepted, content=asked)
            bindings = orjson.loads(answer.content)["results"]["bindings"]
            return [{name: term["value"] for name, term in row.items()} for row in bindings]
        except TooMuch as error:
            raise self._error(self._at.query, str(error)) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._error(self._at.query, "what it answers are not SPARQL results in JSON") from error

    def update(self, text: str) -> None:
        """Apply a SPARQL update.

        Raises:
            TooMuch: it was not taken; less at once may be.
            MirrorError: as for `rows`.
        """
        self._sent("POST", self._at.update, headers={"Content-Type": _UPDATE}, content=text.encode())

    def put(self, graph: str, ntriples: bytes) -> None:
        """Make a graph hold just these triples; raises as `update` does."""
        self._stored("PUT", graph, ntriples)

    def post(self, graph: str, ntriples: bytes) -> None:
        """Add triples to a graph; raises as `update` does."""
        self._stored("POST", graph, ntriples)

    def drop(self, graph: str) -> None:
        """Take a graph out; nothing happens when it is not there. Raises as `update` does."""
        self._sent("DELETE", self._address(graph), headers={}, absent=True)

    def _stored(self, method: str, graph: str, ntriples: bytes) -> None:
        self._sent(method, self._address(graph), headers={"Content-Type": _TURTLE}, content=ntriples)

    def _address(self, graph: str) -> str:
        return str(httpx.URL(self._at.graph_store).copy_merge_params({"graph": graph}))

    def _sent(self, method: str, url: str, *, absent: bool = False, **told: Any) -> httpx.Response:
        def once() -> httpx.Response:
            return self._once(method, url, absent=absent, **told)

        try:
            return retried(once, waited=lambda _seconds: None, **self._patience)  # type: ignore[arg-type]
        except Transient as error:
            raise self._error(url, str(error)) from error

    def _once(self, method: str, url: str, *, absent: bool, **told: Any) -> httpx.Response:
        self._deadline.start(self._timeout_s)
        try:
            answer = self._client.request(method, url, **told)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise Transient("could not be reached") from error
        except httpx.WriteError as error:  # a proxy that takes no more hangs up while we still send
            raise TooMuch("the connection was closed while we sent", answered=True) from error
        except httpx.TimeoutException as error:
            raise TooMuch(f"no answer within {self._timeout_s:g} s", answered=False) from error
        except httpx.HTTPError as error:
            raise Transient("the connection was cut") from error
        return self._judged(url, answer, absent=absent)

    def _judged(self, url: str, answer: httpx.Response, *, absent: bool) -> httpx.Response:
        status = answer.status_code
        if answer.is_success or (absent and status == 404):
            return answer
        if status in _LATER:
            wait = pause_s(answer.headers.get("retry-after"), datetime.now(UTC))
            raise Transient(f"answered {status}", pause_s=wait)
        if status in _TOO_MUCH:
            raise TooMuch(f"answered {status} ({_reason(answer)})", answered=True)
        raise self._error(url, f"answered {status}{self._advice(status)}")

    def _advice(self, status: int) -> str:
        if status not in (401, 403):
            return ""
        if self._at.auth is None:
            return '; name the variable that holds "user:password" as auth = { env = … }'
        return f"; look at the user, its rights, and the variable '{self._at.auth.env}'"

    def _error(self, url: str, what: str) -> MirrorError:
        place = url.partition("?")[0]
        return MirrorError(f"mirror at '{place}': {what}; it stays behind, and is brought up later")


class _Challenged(httpx.Auth):
    """Answers the challenge of the store, Digest rather than Basic, and remembers which it was."""

    requires_response_body = False

    def __init__(self, user: str, password: str) -> None:
        self._ways: Mapping[str, httpx.Auth] = {
            "digest": httpx.DigestAuth(user, password),
            "basic": httpx.BasicAuth(user, password),
        }
        self._chosen: httpx.Auth | None = None

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send as it is first, then as asked for; once that is known, at once."""
        if self._chosen is None:
            answer = yield request
            asked = {each.partition(" ")[0].lower() for each in _challenges(answer)}
            self._chosen = next((way for name, way in self._ways.items() if name in asked), None)
            if answer.status_code != 401 or self._chosen is None:
                return
        yield from self._chosen.auth_flow(request)


def _challenges(answer: httpx.Response) -> list[str]:
    listed = answer.headers.get_list("www-authenticate")
    return [part.strip() for each in listed for part in each.split(",")]


def _auth(at: RemoteStore) -> httpx.Auth | None:
    """From the environment, at this moment: `user:password`."""
    if at.auth is None:
        return None
    user, colon, password = os.environ.get(at.auth.env, "").strip().partition(":")
    if not colon:
        raise MirrorError(
            f"mirror at '{at.update}': the environment variable '{at.auth.env}' does not hold "
            '"user:password"; set it where the harvester runs'
        )
    return _Challenged(user, password)


def _reason(answer: httpx.Response) -> str:
    """The first line of what the store says, without the values of ours that it may quote."""
    lines = answer.text.strip().splitlines() or [answer.reason_phrase]
    return _QUOTED.sub("…", lines[0])[:_LONGEST_REASON]
