"""Reading JSON as partners write it, piece by piece."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvester.connectors._json import CHUNK, Document
from harvester.errors import SourceChanged

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.lists(st.dictionaries(st.text(), JSON, max_size=4), max_size=6)


class Dripping(io.RawIOBase):
    """A stream that gives a few bytes at a time, as a network or a decompressor may."""

    def __init__(self, body: bytes, size: int) -> None:
        self.body, self.size = io.BytesIO(body), size

    def read(self, _size: int = -1) -> bytes:
        return self.body.read(self.size)


@given(OBJECTS, st.integers(1, 9), st.booleans(), st.sampled_from([None, 1]))
def test_any_list_is_read_as_the_standard_library_reads_it(objects, size, ascii_only, indent):
    text = json.dumps({"total": 3, "data": objects, "after": [1]}, ensure_ascii=ascii_only, indent=indent)
    body = text.encode()
    document = Document(Dripping(body, size), where="test").seek("data", "")
    assert json.loads(body, strict=False)["data"] == list(document.items())
    assert document.members == {"total": 3, "after": [1]}


@given(st.lists(st.dictionaries(st.text(max_size=5), st.integers(), min_size=1), min_size=1), st.data())
def test_any_cut_list_is_refused(objects, data):
    body = json.dumps({"data": objects}).encode()
    cut = body[: data.draw(st.integers(0, len(body) - 1))]
    with pytest.raises(SourceChanged):
        list(Document(io.BytesIO(cut), where="test").seek("data").items())


def test_list_longer_than_a_chunk_is_read_whole():
    objects = [{"id": number, "text": "é" * 50} for number in range(2 * CHUNK // 100)]
    body = json.dumps({"meta": {"deep": {"items": objects}}}, ensure_ascii=False).encode()
    assert objects == list(Document(io.BytesIO(body), where="test").seek("meta.deep.items").items())


@pytest.mark.parametrize(
    "before",
    [
        "\ufeff",
        "\n\n",
        "<br />\n<b>Notice</b>: Undefined index: x in <b>/srv/a.php</b> on line <b>12</b>\n",
        "Warning [12]: ",
    ],
    ids=["bom", "blank", "notice", "brackets"],
)
def test_text_before_the_json_is_passed_over(before):
    assert list(Document(io.BytesIO(f'{before}[{{"a": 1}}]'.encode()), where="test").seek("").items()) == [
        {"a": 1}
    ]


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b'{"error": "Element does not exists"}', "no list at 'data'; found 'error=Element does not exists'"),
        (b'{"data": null}', "no list at 'data'; found 'data=None'"),
        (b'{"data": [{}]} <p>bye</p>', "cut or malformed near '<p>bye</p>'"),
        (b'{"data": [{}]', "cut or malformed near ''"),
        ('{"data": [{"a": "é"}]}'.encode("latin-1"), "the text is not utf-8"),
        (b'{"data": [' + b"[" * 100_000, "cut or malformed"),
        (
            b"You need to provide a token to access this map",
            "expected JSON, got 'You need to provide a token",
        ),
    ],
)
def test_message_says_what_was_found_instead_of_the_list(body, complaint):
    with pytest.raises(SourceChanged, match=f"^test: .*{complaint}"):
        list(Document(io.BytesIO(body), where="test").seek("data").items())


def test_half_surrogate_pair_is_replaced_and_its_neighbours_stay():
    body = rb'[{"a": "x\ud83dy", "b": "\ud83d\ude00"}, {"a": "z\uDE00"}]'
    found = list(Document(io.BytesIO(body), where="test").seek("").items())
    assert found == [{"a": "x\ufffdy", "b": "😀"}, {"a": "z\ufffd"}]
