"""Escaping: whatever goes in comes back out of a parser, or is refused."""

from __future__ import annotations

import csv
import io
import math
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from topologies.formats.text import check_names, csv_text, dot_quoted, xml_attribute, yaml_document, yaml_text

WORDS = ["yes", "No", "on", "OFF", "y", "n", "null", "~", "true", "", " ", "-", "- a", "a: b", "a #b", "#", "1", "017", "0x1f"]
WORDS += ["1e3", "1_000", ".inf", "2026-01-01", "12:30", "=", "<<", "[a]", "{a}", "&a", "*a", "!a", "%a", "@a", "`a", "'", '"']
WORDS += [
    "|",
    ">",
    "\\",
    "a\nb",
    "\t",
    "\x00",
    "\x7f",
    "\x85",
    "\u2028",
    "\ufeff",
    "é",
    "😀",
    "a ",
    " a",
    "n0000-nic0",
    "?",
    ":",
]

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.sampled_from(WORDS)
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=12,
)


def load(text: str, version: tuple[int, int]) -> Any:
    reader = YAML(typ="safe", pure=True)
    reader.version = version
    return reader.load(text)


@pytest.mark.parametrize("version", [(1, 1), (1, 2)])
@pytest.mark.parametrize("word", WORDS)
def test_dangerous_words_stay_strings(word: str, version: tuple[int, int]) -> None:
    assert load(f"- {yaml_text(word)}\n", version) == [word]
    assert load(f"{yaml_text(word)}: 1\n", version) == {word: 1}


@pytest.mark.parametrize("version", [(1, 1), (1, 2)])
@pytest.mark.parametrize("value", [None, True, False, 0, -7, 1.5, 1e300, 1e-9, 1e16, -2.5e-7, 100.0, math.inf, -math.inf])
def test_values_keep_their_type(value: Any, version: tuple[int, int]) -> None:
    (back,) = load(f"- {yaml_text(value)}\n", version)
    assert back == value
    assert type(back) is type(value)


def test_not_a_number_is_one() -> None:
    (back,) = load(f"- {yaml_text(math.nan)}\n", (1, 2))
    assert math.isnan(back)


@given(documents)
def test_any_document_comes_back(value: Any) -> None:
    assert load(yaml_document(value), (1, 2)) == value


@given(
    st.lists(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\x00")), min_size=2, max_size=4), max_size=5)
)
def test_csv_comes_back(rows: list[list[str]]) -> None:
    assert list(csv.reader(io.StringIO(csv_text(rows)))) == rows


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cn", "Cs"])))
def test_xml_attributes_come_back(value: str) -> None:
    assert ET.fromstring(f"<a b={xml_attribute(value)}/>").get("b") == value  # noqa: S314


def test_xml_keeps_line_ends_and_tabs() -> None:
    assert ET.fromstring(f"<a b={xml_attribute(chr(10) + chr(9))}/>").get("b") == "\n\t"  # noqa: S314


@pytest.mark.parametrize("value", ["\x00", "\x1b[31m", "\ufffe"])
def test_xml_refuses_what_it_cannot_hold(value: str) -> None:
    with pytest.raises(ValueError, match="control character"):
        xml_attribute(value)


@pytest.mark.parametrize(
    ("value", "written"),
    [("a", '"a"'), ('"', r'"\""'), ("a\nb", r'"a\nb"'), ("a\r\nb", r'"a\nb"'), ("\\", r'"\\"'), ("", '""')],
)
def test_dot_strings_cannot_be_left(value: str, written: str) -> None:
    assert dot_quoted(value) == written


def test_dot_refuses_a_nul() -> None:
    with pytest.raises(ValueError, match="NUL"):
        dot_quoted("a\0b")


def test_the_first_bad_name_is_told() -> None:
    check_names(["a", "b"], "[a-z]", "letters")
    with pytest.raises(ValueError, match=r"'b\\n' cannot be a name in letters"):
        check_names(["a", "b\n", "C"], "[a-z]", "letters")
