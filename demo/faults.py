"""Room: the ways a partner can fail.

What comes in: a fault, written as one word or `word:argument`, and the good replies. What goes out: the
reply a failing partner would give. Never sleeps, sends or reads anything itself; every number is bounded,
so that a test cannot fill the machine.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache

from demo import altered
from demo.reply import Reply

MIB = 1 << 20
LARGEST_MIB = 1024
LONGEST_S = 600.0
RETRIED_LATER = (429, 503)
MAINTENANCE = (
    "<!doctype html><html lang='fr'><head><title>Maintenance en cours</title></head>"
    "<body><h1>Site en maintenance</h1><p>Nous revenons bientôt.</p></body></html>"
)
ERROR = '{"error": {"code": "internal_error", "message": "Une erreur est survenue, merci de réessayer."}}'

Replies = Callable[[str], Reply]


class UnknownFault(ValueError):
    """The fault cannot be understood; the text says which ones can."""


def faulty(path: str, fault: str, replies: Replies) -> Reply:
    """The reply to give instead of the good one.

    Args:
        path: the address asked for.
        fault: `status:CODE[:RETRY_AFTER]` · `empty` · `list` (`[]`) · `null` · `cut` (half the body, then
            the connection closes) · `torn` (the same, by a reset) · `half` (half the body, its length
            matches) · `lines` (the same, at the end of a line) · `html` (maintenance page at 200) · `error`
            (JSON that tells an error at 200) · `charset:LABEL` · `recode:ENCODING` (the bytes change, the
            label stays) · `drip:BYTES_PER_SECOND` · `hang:SECONDS` · `reset` · `redirect:ADDRESS` · `loop` ·
            `huge:MIB` · `bomb:MIB` (gzip) · `page:PATH` (the body of another path) · `rename:OLD:NEW` (a JSON
            key at any depth, a word of another text) · `count:NAME:N` (the number after a name, N higher).
        replies: gives the good reply of any path.

    Returns:
        A reply that is never compressed nor answered by 304.

    Raises:
        UnknownFault: if the word is unknown, or its argument does not fit, or would leave the body as it is.
    """
    word, _, argument = fault.partition(":")
    if word not in FAULTS:
        raise UnknownFault(f"faults: no fault '{word}'; known: {', '.join(sorted(FAULTS))}")
    given = path.partition("#")[0] if word == "loop" else argument
    try:
        good = replies(_given(argument) if word == "page" else path)
        return FAULTS[word](replace(good, plain=False), given)
    except (ValueError, LookupError) as error:
        raise UnknownFault(f"faults: argument '{argument}' does not fit '{word}': {error}") from error


def check(fault: str) -> None:
    """Raises UnknownFault when `fault` cannot be understood, before any request meets it."""
    try:
        faulty("/", fault, lambda _: Reply(body=b"{}"))
    except UnknownFault as error:
        if not isinstance(error.__cause__, altered.Unchanged):  # another body may have what it needs
            raise


def _status(good: Reply, argument: str) -> Reply:
    code, _, later = argument.partition(":")
    status = int(code)
    if not 400 <= status <= 599:
        raise ValueError("expected 400 to 599")
    wait = later or ("1" if status in RETRIED_LATER else "")
    headers = {"Retry-After": wait} if wait else {}
    return replace(_text(good, f"{status}\n"), status=status, headers=headers)


def _text(good: Reply, text: str, media_type: str = "text/plain") -> Reply:
    return replace(good, body=text.encode(), media_type=media_type, charset="utf-8")


def _body(body: bytes) -> Callable[[Reply, str], Reply]:
    return lambda good, _: replace(good, body=body)


def _spoiled(spoil: Callable[[bytes], bytes]) -> Callable[[Reply, str], Reply]:
    return lambda good, _: replace(good, body=spoil(good.body))


def _cut(good: Reply, _: str) -> Reply:
    return replace(good, cut=True)


def _torn(good: Reply, _: str) -> Reply:
    return replace(good, cut=True, reset=True)


def _page(good: Reply, _: str) -> Reply:
    return good


def _html(good: Reply, _: str) -> Reply:
    return _text(good, MAINTENANCE, "text/html")


def _error(good: Reply, _: str) -> Reply:
    return _text(good, ERROR, "application/json")


def _recode(good: Reply, encoding: str) -> Reply:
    return replace(good, body=altered.recoded(good.body, _given(encoding)))


def _charset(good: Reply, label: str) -> Reply:
    return replace(good, charset=_given(label))


def _drip(good: Reply, rate: str) -> Reply:
    return replace(good, rate=_bounded(rate, 1.0, float(MIB)))


def _hang(good: Reply, seconds: str) -> Reply:
    return replace(good, wait_s=_bounded(seconds, 0.0, LONGEST_S))


def _reset(good: Reply, _: str) -> Reply:
    return replace(good, reset=True)


def _redirect(good: Reply, address: str) -> Reply:
    return replace(_text(good, ""), status=302, headers={"Location": _given(address)})


def _huge(good: Reply, mib: str) -> Reply:
    return replace(good, body=b" " * MIB, times=int(_bounded(mib, 1.0, LARGEST_MIB)))


def _bomb(good: Reply, mib: str) -> Reply:
    body = _zeros(int(_bounded(mib, 1.0, LARGEST_MIB)))
    return replace(good, body=body, headers={"Content-Encoding": "gzip"})


def _rename(good: Reply, argument: str) -> Reply:
    old, _, new = argument.partition(":")
    return replace(good, body=altered.renamed(good.body, _given(old), _given(new)))


def _count(good: Reply, argument: str) -> Reply:
    name, _, more = argument.rpartition(":")
    return replace(good, body=altered.recounted(good.body, _given(name), int(more)))


def _given(argument: str) -> str:
    if not argument:
        raise ValueError("nothing given")
    return argument


def _bounded(argument: str, least: float, most: float) -> float:
    number = float(argument)
    if not least <= number <= most:
        raise ValueError(f"expected {least:g} to {most:g}")
    return number


@lru_cache(maxsize=4)
def _zeros(mib: int) -> bytes:
    """Gzip of `mib` MiB of zeros, about a thousand times smaller, made without holding them."""
    packer = zlib.compressobj(level=1, wbits=31)
    zeros = bytes(MIB)
    return b"".join([*(packer.compress(zeros) for _ in range(mib)), packer.flush()])


FAULTS: Mapping[str, Callable[[Reply, str], Reply]] = {
    "status": _status,
    "empty": _body(b""),
    "list": _body(b"[]"),
    "null": _body(b"null"),
    "cut": _cut,
    "torn": _torn,
    "half": _spoiled(altered.half),
    "lines": _spoiled(altered.half_of_lines),
    "html": _html,
    "error": _error,
    "recode": _recode,
    "charset": _charset,
    "drip": _drip,
    "hang": _hang,
    "reset": _reset,
    "redirect": _redirect,
    "loop": _redirect,
    "huge": _huge,
    "bomb": _bomb,
    "page": _page,
    "rename": _rename,
    "count": _count,
}
