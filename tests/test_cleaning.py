"""Cleaning: what platforms write, and what is left of it."""

from __future__ import annotations

import re
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from unicodedata import is_normalized
from zoneinfo import ZoneInfo

import pyoxigraph
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harvester.cleaning import CLEANERS, number, place, text, web, when, words
from harvester.cleaning.town import town

PARIS = ZoneInfo("Europe/Paris")
BLANKS = ["", " ", "\u00a0", "private", "Hidden", "n/a", "N/A", None, [], {}, float("nan")]


def refused(clean, value):
    try:
        clean(value)
    except ValueError as refusal:
        return str(refusal)
    return None


@pytest.mark.parametrize("name", sorted(CLEANERS))
@pytest.mark.parametrize("blank", BLANKS, ids=repr)
def test_a_blank_value_gives_nothing_and_no_error(name, blank):
    assert CLEANERS[name](blank) is None


@pytest.mark.parametrize("name", sorted(set(CLEANERS) - {"text", "html", "prose", "words"}))
@given(value=st.text())
def test_a_cleaner_answers_or_refuses_with_the_value_quoted(name, value):
    refusal = refused(CLEANERS[name], value)
    assert refusal is None or "expected" in refusal
    assert refusal is None or "\n" not in refusal


@pytest.mark.parametrize(
    ("expected", "written"),
    [
        ("AMAP du Clapas", "  AMAP  du\tClapas\n"),
        ("Café & Co", "Caf&eacute; &amp; Co"),
        ("A & B", "A &amp;amp; B"),
        ("Gras", "<b>Gr</b>as"),
        ("un deux", "<p>un</p><p>deux</p>"),
        ("x", "&lt;b&gt;x&lt;/b&gt;"),
        ("3 < 4", "3 < 4"),
        ("été", "e\u0301te\u0301"),
        ("ab", "a\u200bb\x00\ud800"),
        ("33000", 33000.0),
    ],
)
def test_text_is_one_plain_line(expected, written):
    assert expected == text.text(written)


@given(st.text() | st.text(alphabet="<>&;ampb/ \u0301e\"'"))
@example("A<?>\u0300")
def test_text_has_no_control_no_surrogate_and_is_nfc(written):
    plain = text.text(written) or ""
    assert is_normalized("NFC", plain)
    assert plain == " ".join(plain.split())
    plain.encode("utf-8")


@pytest.mark.parametrize(
    ("expected", "written"),
    [
        ("Un jardin.\nUne ferme & un four.", "<p>Un <b>jardin</b>.</p>\n<p>Une ferme &amp; un four.</p>"),
        ("un\ndeux", "<ul><li>un</li><li>deux</li></ul>"),
        ("un\ndeux", "un<br/>deux"),
        ("avant\naprès", "<p>avant</p><script>alert('<p>')</script><p>après</p>"),
        ("avant\naprès", "<!-- wp:paragraph --><p>avant</p><!-- suite --><p>après</p>"),
        ("lien", '<a title="a > b" href="x">lien</a>'),
        (
            "Titre\nvoir la page et gras",
            '=====Titre=====\n{{button link="x"}}voir [[PageUne la page]] et **gras**',
        ),
        ("gras", '""<b>gras</b>""'),
        ("voir les jardins partagés", "voir [[Jardin partagé|les jardins partagés]]"),
        ("Jardin partagé", "[[Jardin partagé]]"),
        ("Titre\nun lien", "## Titre\n\n[un lien](https://example.org/)"),
        ("https://example.org/a//b et l'eau", "https://example.org/a//b et l'eau"),
    ],
)
def test_prose_keeps_paragraphs_and_loses_markup(expected, written):
    assert expected == text.prose(written)


@given(st.text() | st.text(alphabet="<>!-/?pb{}[]|*_=#\"' &;\nhttp:"))
def test_prose_takes_any_text(written):
    plain = text.prose(written) or ""
    plain.encode("utf-8")
    assert len(plain) <= text.PROSE_LENGTH


@pytest.mark.parametrize(
    "hostile",
    ["<", "<!--", "[[", "![", "{{", "**", "<a '", "= ", "&amp;amp;", "//", "''", "a@", "0 6", "(at"],
)
def test_hostile_markup_stays_cheap(hostile):
    started = time.perf_counter()
    text.scrub(text.prose(hostile * 20_000) or "")
    text.scrub(hostile * 20_000)
    assert time.perf_counter() - started < 5


def test_long_prose_ends_at_a_word_with_an_ellipsis():
    plain = text.prose("jardin " * 2000)
    assert plain is not None
    assert len(plain) <= 5000
    assert plain.endswith(" jardin…")


@pytest.mark.parametrize(
    ("expected", "written"),
    [
        (
            ("Écrire à […] ou appeler le […].", 2),
            "Écrire à jean.dupont@example.org ou appeler le 06 12 34 56 78.",
        ),
        (("Tél. […]", 1), "Tél. +33 (0)4 67 12 34 56"),
        (("[…]", 1), "jean [at] example.org"),
        (("SIRET 12345678901234, 12 000 m2, le 01/02/2021 à 10:00", 0),) * 2,
    ],
)
def test_contacts_are_scrubbed_and_counted_and_other_numbers_stay(expected, written):
    written = written if isinstance(written, str) else written[0]
    assert expected == text.scrub(written)


GAP = r"[ \u00A0\u202F./-]?"
MOBILE = re.compile(rf"(^|[^0-9])((\+|00)33{GAP}(\(0\))?{GAP}|0)[67]({GAP}[0-9]{{2}}){{4}}([^0-9]|$)")
EMAIL = re.compile(r"[A-Za-z0-9_%+-]@[A-Za-z0-9][A-Za-z0-9.-]*\.[A-Za-z]{2,}")
GAPS = st.sampled_from(["", " ", "\u00a0", "\u202f", ".", "/", "-"])
PAIRS = st.tuples(GAPS, st.from_regex(r"[0-9]{2}", fullmatch=True)).map("".join)
MOBILES = st.tuples(
    st.sampled_from(["06", "07", "+33 6", "00337", "+33(0)6"]), PAIRS, PAIRS, PAIRS, PAIRS
).map("".join)
EMAILS = st.tuples(st.text("az9%+-.", min_size=1), st.just("a@b"), st.text("az9.-"), st.just(".org")).map(
    "".join
)


@given(st.tuples(st.text(" a(,"), MOBILES | EMAILS, st.text(" a),")).map("".join))
def test_nothing_that_the_privacy_shape_refuses_survives_scrubbing(written):
    bare, count = text.scrub(written)
    assert count >= 1
    assert MOBILE.search(bare) is None
    assert EMAIL.search(bare) is None


@pytest.mark.parametrize(
    ("expected", "written"),
    [
        ("https://example.org/a?b=c#d", "https://example.org/a?b=c#d"),
        ("https://www.example.org", "www.example.org"),
        ("https://example.org/x", "//example.org/x"),
        ("https://example.org:8080/x", "example.org:8080/x"),
        ("http://example.org/a%20b", "http://example.org/a b"),
        ("http://example.org/%3Ca%3E%22%7B%7C%7D%5E%60", 'HTTP://Example.ORG/<a>"{|}^`'),
        ("http://example.org/?a=1&b=2", "http://example.org/?a=1&amp;b=2"),
        ("http://example.org/?id%5B%5D=100%25", "http://example.org/?id[]=100%"),
        ("https://example.org", "http://https://example.org"),
        ("https://châtaigne.fr/é", "https://châtaigne.fr/é"),
        ("http://127.0.0.1:8018/wiki/?Page", "http://127.0.0.1:8018/wiki/?Page"),
        (None, "http://"),
    ],
)
def test_url_is_absolute_and_fit_for_an_iri(expected, written):
    assert expected == web.url(written)


@pytest.mark.parametrize(
    "written",
    ["javascript:alert(1)", "mailto:a@example.org", "jean@example.org", "aucun", "http://a b.org", "ftp://x.org/",
     "http://user:pass@example.org/", "http://a.org http://b.org", "http://..", "https://exa<mple.org", True],
)  # fmt: skip
def test_what_is_not_one_web_address_is_refused(written):
    with pytest.raises(ValueError, match="expected"):
        web.url(written)


@given(st.text() | st.text().map("http://example.org/{}".format) | st.text().map("example.org?{}".format))
def test_every_url_is_a_valid_iri_and_stays_as_it_is(written):
    try:
        address = web.url(written)
    except ValueError:
        return
    if address is not None:
        assert address == pyoxigraph.NamedNode(address).value
        assert not re.search(r'[\x00-\x20<>"{}|^`\\]', address)
        assert address == web.url(address)


@pytest.mark.parametrize(
    ("expected", "written"),
    [
        ("contact@example.org", "Contact@Example.org"),
        ("info@example.org", " mailto:info@example.org "),
        (None, "jean.dupont@example.org"),
        (None, "private"),
        (None, "contact@"),
        (None, 12),
    ],
)
def test_only_generic_emails_are_kept(expected, written):
    assert expected == web.email(written)


@pytest.mark.parametrize(
    ("expected", "written"),
    [
        ("+33467123456", "04 67 12 34 56"),
        ("+33467123456", "+33 (0)4.67.12.34.56"),
        ("+33467123456", 467123456),
        ("+33467123456", "06 12 34 56 78 / 04 67 12 34 56"),
        ("+262262123456", "0262 12 34 56"),
        (None, "06 12 34 56 78"),
        (None, "+33 7 12 34 56 78"),
        (None, "0692 12 34 56"),
        (None, "00 00 00 00 00"),
        (None, "01 00 00 00 00"),
        (None, "demander Jean"),
    ],
)
def test_only_french_landlines_are_kept(expected, written):
    assert expected == web.telephone(written)


@pytest.mark.parametrize(
    ("expected", "written"),
    [("43.6", "43,6"), ("1234.5", "1\u202f234,5"), ("1234.56", "1.234,56"), ("0.1", 0.1),
     ("0.3333333", "0.33333333"),
     ("-4", -4)],
)  # fmt: skip
def test_decimals_are_exact(expected, written):
    assert Decimal(expected) == number.decimal(written)


@given(st.decimals(min_value=-180, max_value=180, places=6))
def test_a_decimal_comes_back_from_its_french_spelling(figure):
    assert figure == number.decimal(str(figure).replace(".", ","))


@pytest.mark.parametrize("written", ["12 kg", "1e999", "inf", "douze", "1,2,3", True, "9" * 40])
def test_what_is_not_a_number_is_refused(written):
    with pytest.raises(ValueError, match="expected"):
        number.decimal(written)


def test_integers_are_whole():
    assert number.integer("1 234,0") == 1234
    with pytest.raises(ValueError, match=r"12\.5"):
        number.integer("12.5")


def test_a_point_at_zero_is_a_form_left_empty():
    assert place.point("0", 0.0) is None


def test_a_point_off_the_earth_is_refused():
    with pytest.raises(ValueError, match="Earth"):
        place.point(91, 2)


def test_a_point_keeps_six_decimals():
    assert place.point("43,61341234", 3.8) == (Decimal("43.613412"), Decimal("3.8"))


def test_a_swapped_point_is_turned_only_towards_france():
    assert place.swapped(Decimal("2.35"), Decimal("48.85")) == (Decimal("48.85"), Decimal("2.35"))
    assert place.swapped(Decimal("55.45"), Decimal("-20.93")) == (Decimal("-20.93"), Decimal("55.45"))
    assert place.swapped(Decimal("48.85"), Decimal("2.35")) is None
    assert place.swapped(Decimal("45.5"), Decimal("-73.6")) is None


@pytest.mark.parametrize(
    "written", ["42.35, 9.04", "42,35, 9,04", "42.35|9.04", "42.35 9.04", "42.35,9.04", "POINT(9.04 42.35)"]
)
def test_a_pair_is_read_in_its_usual_spellings(written):
    assert place.pair(written) == (Decimal("42.35"), Decimal("9.04"))


def test_a_pair_of_three_is_refused():
    with pytest.raises(ValueError, match="lat, lon"):
        place.pair("1, 2, 3")


def test_lambert_93_is_turned_into_degrees():
    point = place.project("652 381,02", 6862047.12, "EPSG:2154")
    assert point is not None
    assert (round(point.lat, 3), round(point.lon, 3)) == (Decimal("48.857"), Decimal("2.351"))


def test_an_unknown_reference_system_is_refused():
    with pytest.raises(ValueError, match="EPSG:0"):
        place.project(1, 2, "EPSG:0")


@pytest.mark.parametrize(
    ("expected", "written"),
    [("01000", 1000), ("01000", "1000"), ("33000", "F-33000"), ("33000", "33 000"), ("33000", 33000.0),
     ("33077", "33077 BORDEAUX CEDEX"), (None, "00000")],
)  # fmt: skip
def test_postcodes_have_five_digits(expected, written):
    assert expected == place.postcode(written)


@pytest.mark.parametrize("written", ["B-1000", "123", "99999", "340000", "Paris"])
def test_what_is_not_a_french_postcode_is_refused(written):
    with pytest.raises(ValueError, match=re.escape(written)):
        place.postcode(written)


def test_insee_codes_are_text_with_their_zeros_and_letters():
    assert [place.insee(code) for code in (1053, "2a004", "97411")] == ["01053", "2A004", "97411"]


def test_overseas_france_is_france():
    assert [place.country(c) for c in ("fr", "France", "La Réunion", "RE", "Belgique")] == ["FR"] * 4 + ["BE"]


@pytest.mark.parametrize(
    ("expected", "written"),
    [
        (date(2021, 12, 7), "2021-12-07"),
        (date(2021, 12, 7), "07/12/2021"),
        (datetime(2017, 11, 20, 11, 43, tzinfo=PARIS), "20/11/2017 à 11:43"),
        (datetime(2021, 12, 7, 10, 0, tzinfo=PARIS), "2021-12-07 10:00:00"),
        (datetime(2021, 12, 7, 10, 0, tzinfo=UTC), "2021-12-07T10:00:00Z"),
        (datetime(2021, 12, 7, 9, 20, tzinfo=UTC), 1638868800),
        (datetime(2021, 12, 7, 9, 20, tzinfo=UTC), "1638868800000"),
        (datetime(2021, 12, 7, 10, 0, tzinfo=PARIS), datetime(2021, 12, 7, 10, 0)),  # as a spreadsheet
        (None, "0000-00-00 00:00:00"),
    ],
)
def test_dates_are_read_in_their_usual_spellings(expected, written):
    assert expected == when.date_or_datetime(written, zone=PARIS)


def test_a_moment_keeps_its_offset_or_takes_the_zone():
    kept = when.date_or_datetime("2021-07-01T10:00:00+05:00", zone=PARIS)
    local = when.date_or_datetime("2021-07-01T10:00:00", zone=PARIS)
    assert [moment.isoformat()[-6:] for moment in (kept, local)] == ["+05:00", "+02:00"]


@pytest.mark.parametrize("written", ["2021", "2021-12", "hier", "31/02/2021", "2021-13-01", 10**13 * 9])
def test_what_is_not_a_day_is_refused(written):
    with pytest.raises(ValueError, match="expected"):
        when.date_or_datetime(written, zone=PARIS)


@given(st.datetimes(min_value=datetime(1000, 1, 1), timezones=st.just(UTC)))  # bounds are naive
def test_iso_moments_come_back(moment):
    assert moment == when.date_or_datetime(moment.isoformat(), zone=PARIS)


def test_a_founding_is_a_year_or_a_day():
    assert [when.founded(v) for v in (1998, "1998-05", "12/05/1998")] == ["1998", "1998", "1998-05-12"]


def test_keywords_are_kept_once_in_their_order():
    assert words.words("Vélo, jardin;  vélo ,") == ("Vélo", "jardin")
    assert words.words(["a, b", None, "A, B", "c"]) == ("a, b", "c")
    assert words.words("a#b", split="#") == ("a", "b")


@pytest.mark.parametrize(
    ("expected", "written"),
    [("saint etienne", "St-Étienne"), ("oeuilly", "Œuilly"), ("l hay les roses", "L’Haÿ-les-Roses"),
     ("sainte foy", "STE FOY"), ("11e", "11ᵉ")],
)  # fmt: skip
def test_folded_names_compare_equal(expected, written):
    assert expected == words.fold(written)


@given(st.text())
def test_folding_twice_changes_nothing(name):
    assert words.fold(name) == words.fold(words.fold(name))


def test_a_town_is_taken_apart():
    assert town("33077 BORDEAUX CEDEX").names[-1] == "bordeaux"
    assert town("33077 BORDEAUX CEDEX").postcode == "33077"
    assert town("Saillans (26)").bracket == "26"
    assert "le mans" in town("Mans (Le)").names
    assert "paris 11" in town("Paris 11ème arrondissement").names


@given(st.text())
def test_any_town_is_read(name):
    assert all(town(name).names)
