"""Any file becomes plain data with places, or located problems; never a traceback, never slowly."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from planner.errors import InputErrors, Problem
from planner.yamlfile import Document, read_text, read_yaml


def read(folder: Path, content: str | bytes) -> Document:
    path = folder / "factory.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_yaml(path)


def problems(folder: Path, content: str | bytes) -> list[Problem]:
    with pytest.raises(InputErrors) as caught:
        read(folder, content)
    return list(caught.value.problems)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"),
        ("yes", "yes"),
        ("on", "on"),
        ("y", "y"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("null", None),
        ("''", ""),
        ("'12'", "12"),
        ("012", 12),
        ("0o17", 15),
        ("0x1F", 31),
        ("-0x10", -16),
        ("0b11", 3),
        ("1_000", 1000),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("-.inf", float("-inf")),
        ("1:30", "1:30"),
        ("2024-01-31", "2024-01-31"),
        ("12 MW", "12 MW"),
        ("0x_", "0x_"),
        ("0o_", "0o_"),
        ("-_", "-_"),
        ("._", "._"),
        ("=", "="),
        ("1e999", float("inf")),
    ],
)
def test_a_plain_scalar_means_what_yaml_1_2_says(tmp_path: Path, text: str, value: Any) -> None:
    document = read(tmp_path, f"a: {text}\n")
    assert document.data == {"a": value}
    assert type(document.data["a"]) is type(value)
    assert document.texts[("a",)] == text.strip("'")


def test_not_a_number_is_read(tmp_path: Path) -> None:
    value = read(tmp_path, "a: .nan\n").data["a"]
    assert value != value


@pytest.mark.parametrize("digits", [399, 400, 401, 5000, 400_000])
def test_a_number_of_any_length_is_read_quickly_and_stays_huge(tmp_path: Path, digits: int) -> None:
    started = time.perf_counter()
    data = read(tmp_path, f"a: 1{'0' * (digits - 1)}\nb: -0x1{'0' * (digits - 1)}\n").data
    assert data["a"] >= 10**398
    assert data["b"] <= -(10**398)
    assert time.perf_counter() - started < 5


def test_every_key_and_value_has_its_place(tmp_path: Path) -> None:
    document = read(tmp_path, "site:\n  country: NO\nlist: [7, {a: 8}]\nempty:\n")
    assert document.keys == {
        ("site",): (1, 1),
        ("site", "country"): (2, 3),
        ("list",): (3, 1),
        ("list", 1, "a"): (3, 12),
        ("empty",): (4, 1),
    }
    assert document.values[("site", "country")] == (2, 12)
    assert document.values[("list", 0)] == (3, 8)
    assert document.values[("list", 1, "a")] == (3, 15)
    assert document.place(("empty",)) == (4, 1), "an empty value: its key"
    assert document.place(("site", "region", "town")) == (2, 3), "what is not there: the nearest part that is"


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_byte_order_mark_and_line_ends_change_nothing(tmp_path: Path, newline: str, mark: bytes) -> None:
    document = read(tmp_path, mark + newline.join(["# head", "a:", "  b: 1", ""]).encode())
    assert document.data == {"a": {"b": 1}}
    assert document.keys[("a", "b")] == (3, 3)


LAUGH = "a: &a [1,1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{this}: &{this} [{','.join(['*' + last] * 10)}]\n" for last, this in zip("abcdefg", "bcdefgh", strict=True)
)

BROKEN = {
    "empty": ("", (1, 1), "empty"),
    "only a comment": ("# nothing\n", (1, 1), "empty"),
    "only a null": ("---\n~\n", (1, 1), "empty"),
    "zero byte": ("a: \0\n", (1, 1), "zero byte"),
    "tab for indentation": ("a:\n\tb: 1\n", (2, 1), "a tab"),
    "tab after spaces": ("a:\n  b: 1\n \tc: 1\n", (3, 2), "a tab"),
    "tab after a colon": ("a: 1\nb:\t1\n", (2, 3), "a tab"),
    "control character": ("a: b\nc: d \x1b[31m\n", (2, 6), r"'\x1b'"),
    "not UTF-8": (b"a: b\nc: caf\xe9\n", (2, 7), "0xe9"),
    "UTF-16": ("a: b".encode("utf-16"), (1, 1), "UTF-8"),
    "unclosed brace": ("a: {b: 1\nc: 2\n", (2, 2), "expected ',' or '}'"),
    "bad indentation": ("a:\n    b: 1\n  c: 1\n", (3, 3), "fit the lines above"),
    "second colon": ("a: b: c\n", (1, 5), "second ': '"),
    "duplicate key": ("a: 1\nb: {c: 1, c: 2}\n", (2, 11), "stands twice (first in line 2)"),
    "second document": ("a: 1\n---\nb: 1\n", (2, 1), "second document"),
    "list as a key": ("? [a]\n: 1\n", (1, 3), "a key must be a word"),
    "alias of nothing": ("a: *b\n", (1, 4), "no anchor"),
    "alias of itself": ("a: &a [*a]\n", (1, 8), "inside its own anchor"),
    "merge key": ("a: &a {b: 1}\nc:\n  <<: *a\n", (3, 3), "merge keys"),
    "tag that runs": ("a: !!python/object/apply:os.system [id]\n", (1, 4), "tag !!python/object/apply:os.system"),
    "own tag": ("a: !b c\n", (1, 4), "tag !b"),
    "bare tag": ("a: ! c\n", (1, 4), "tag !"),
    "escape beyond Unicode": ('a: 1\nb: "\\U00110000"\n', (2, 5), "escape code"),
    "half a character": ('a: "\\ud800"\n', (1, 4), "surrogate"),
    "half a character as a key": ('"\\ud800": 1\n', (1, 1), "surrogate"),
    "many values": ("a: [" + "1," * 100_000 + "]\n", (1, 39_999), "more than 20,000 values"),
    "deep lists": ("a: " + "[" * 9_000, (1, 43), "levels deep"),
    "billion laughs": (LAUGH, (5, 8), "aliases expand to more than 20,000 values"),
    "nesting by aliases": ("a: &a " + "[" * 30 + "]" * 30 + "\nb: " + "[" * 20 + "*a" + "]" * 20, (2, 24), "levels deep"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_refused_where_it_is_broken(tmp_path: Path, name: str) -> None:
    content, place, words = BROKEN[name]
    started = time.perf_counter()
    found = problems(tmp_path, content)
    assert time.perf_counter() - started < 10
    assert [(each.line, each.column) for each in found] == [place]
    assert words in found[0].message
    assert found[0].file == str(tmp_path / "factory.yaml")


def test_all_lines_with_a_tab_are_named_at_once(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, "a:\n\tb: 1\n  c: 2\n\td: 3\n\te: 4\n")
    assert found.hint == "replace each tab by two spaces, also in lines 4, 5"


def test_faults_that_leave_data_are_all_reported(tmp_path: Path) -> None:
    text = "a: 1\na: 2\nb: !x 3\nc: &c {d: 4, d: 5}\ne:\n  <<: *c\n? [f]\n: 6\n---\ng: 7\n"
    assert [(each.line, each.path) for each in problems(tmp_path, text)] == [
        (2, "a"),
        (3, "b"),
        (4, "c.d"),
        (6, "e"),
        (7, ""),
        (9, ""),
    ]
    faults: list[Problem] = []
    document = read_yaml(tmp_path / "factory.yaml", faults)
    assert document.data == {"a": 1, "b": 3, "c": {"d": 4}, "e": {}}
    assert len(faults) == 6


def test_a_character_may_be_escaped_in_two_halves(tmp_path: Path) -> None:
    assert read(tmp_path, '"\\ud83d\\ude00": "\\ud83d\\ude01"\n').data == {"\U0001f600": "\U0001f601"}


def test_an_alias_is_read_where_it_stands(tmp_path: Path) -> None:
    assert read(tmp_path, "a: &a {b: 1}\nc: *a\n").data == {"a": {"b": 1}, "c": {"b": 1}}


def test_a_missing_file_names_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "factory.yaml").touch()
    (tmp_path / "notes.txt").touch()
    with pytest.raises(InputErrors, match=r"no such file\n    hint: files there: factory\.yaml$"):
        read_text(tmp_path / "factori.yaml")


def test_a_folder_a_pipe_and_a_name_too_long_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, words in [
        (tmp_path, "is a directory"),
        (tmp_path / "pipe", "regular file"),
        (tmp_path / ("x" * 5000), "too long"),
    ]:
        with pytest.raises(InputErrors, match=words):
            read_text(path)


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "factory.yaml"
    path.touch()

    def forbid(*_: object, **__: object) -> None:  # the superuser may read all files: only the system's answer is made up
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", forbid)
    with pytest.raises(InputErrors, match="no permission"):
        read_text(path)


def test_a_large_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "factory.yaml"
    with path.open("wb") as stream:
        stream.truncate(50_000_000)  # 50 MB that take no room on the disk
    started = time.perf_counter()
    with pytest.raises(InputErrors, match=r"is 50\.0 MB; at most 1 MB is read"):
        read_yaml(path)
    assert time.perf_counter() - started < 1


# fmt: off
WORDS = st.sampled_from([
    "a", "b: ", "- ", "? ", "[", "]", "{", "}", ",", "&a ", "*a", "!x ", "!!int ", "|", ">-", "'", '"', "\\", "\\U00110000",
    "#", "<<: *a", "---", "%YAML 1.1", "%TAG ! x", "~", "0x_", "1e999", " ", "\t", "\n", "\r", "\x85", "\u2028", "\ufeff",
])
# fmt: on


@given(st.text() | st.lists(WORDS, max_size=30).map("".join) | st.binary())
@example("a: \U0010ffff")
@example("!<")
@example("a: |9\n b")
def test_no_content_raises_anything_but_input_errors(tmp_path_factory: pytest.TempPathFactory, content: str | bytes) -> None:
    folder = tmp_path_factory.mktemp("any", numbered=True)
    raw = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    document: Document | None = None
    found: tuple[Problem, ...] = ()
    try:
        document = read(folder, raw)
    except InputErrors as errors:
        found = errors.problems
    assert (document is None) == bool(found)
    assert all(each.line >= 1 and each.column >= 1 for each in found)
    assert all(char.isprintable() or char == "\n" for each in found for char in str(each))
    if document is not None:
        assert document.data is not None
        assert set(document.keys) <= set(document.values)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(PLAIN.filter(lambda data: data is not None))
def test_json_is_yaml_and_reads_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    assert read(tmp_path_factory.mktemp("json", numbered=True), json.dumps(data)).data == data
