"""YAML 1.2 in, plain data and the place of every key and value out; hostile or broken files become located problems."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from planner.errors import InputErrors, Problem, dotted, printable

__all__ = ["Document", "KeyPath", "read_text", "read_yaml"]

MOST_BYTES = 1_000_000  # a factory of every section is a few kilobytes
MOST_VALUES = 20_000  # counted after aliases are expanded
MOST_LEVELS = 40
MOST_DIGITS = 400  # a longer number is read as 10 to this power: beyond every bound alike, and quick

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True)
class Document:
    """A parsed file: plain data; by path the line and column of every key and value, and the text of every single value."""

    file: str
    data: Any
    keys: dict[KeyPath, tuple[int, int]] = field(repr=False)
    values: dict[KeyPath, tuple[int, int]] = field(repr=False)
    texts: dict[KeyPath, str] = field(repr=False)

    def place(self, path: KeyPath, of_key: bool = False) -> tuple[int, int]:
        """Find line and column of a path, or of the nearest part of it that is in the file."""
        if of_key and path in self.keys:
            return self.keys[path]
        while path not in self.values and path:
            path = path[:-1]
        return self.values.get(path, (1, 1))

    def problem(self, path: KeyPath, message: str, hint: str = "", of_key: bool = False) -> Problem:
        """Make a problem located at a path."""
        line, column = self.place(path, of_key)
        return Problem(self.file, line, column, dotted(path), message, hint)


def read_text(path: Path, most_bytes: int = MOST_BYTES) -> str:
    """Read a small UTF-8 text file of at most so many bytes.

    Raises
    ------
    InputErrors
        If it is missing, a directory, not readable, too large or not UTF-8.
    """
    file = str(path)

    def refuse(message: str, hint: str = "", line: int = 0, column: int = 0) -> InputErrors:
        return InputErrors([Problem(file, line, column, "", message, hint)])

    try:
        if path.is_dir():
            raise refuse("is a directory, not a file", "name the file inside it")
        if not path.exists():
            alike = "*.y*ml" if path.suffix != ".json" else "*.json"
            near = sorted(each.name for each in path.parent.glob(alike))[:8] if path.parent.is_dir() else []
            raise refuse("no such file", f"files there: {', '.join(near)}" if near else "")
        if not path.is_file():
            raise refuse("is not a regular file")
        with path.open("rb") as stream:
            raw = stream.read(most_bytes + 1)
    except PermissionError:
        raise refuse("may not be read (no permission)", f"check the rights with: ls -l {os.fspath(path)}") from None
    except OSError as error:
        raise refuse(f"cannot be read: {error.strerror or error}") from None
    if len(raw) > most_bytes:
        size_mb = path.stat().st_size / 1e6
        raise refuse(
            f"is {size_mb:.1f} MB; at most {most_bytes / 1e6:.0f} MB is read",
            "such files have a few kilobytes; is this another kind of file?",
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line, column = before.count(b"\n") + 1, error.start - (before.rfind(b"\n") + 1) + 1
        raise refuse(f"is not UTF-8: byte 0x{raw[error.start]:02x}", "save the file as UTF-8", line, column) from None


def read_yaml(path: Path, faults: list[Problem] | None = None) -> Document:
    """Read one YAML 1.2 document without running anything in it.

    Parameters
    ----------
    path : Path
        The file; its name stands in every problem.
    faults : list of Problem, optional
        Where to put faults that leave data to look at, such as duplicate keys, so that they are reported with what is wrong
        with the data. Without it, they are raised.

    Raises
    ------
    InputErrors
        With every fault that can be found, each with line and column.
    """
    reader = _Reader(str(path), read_text(path))
    document = reader.document()
    if faults is None and reader.problems:
        raise InputErrors(reader.problems)
    if faults is not None:
        faults += reader.problems
    return document


class _Reader:
    """Builds data from ruamel's parse events, so that depth and size are bounded before anything is built."""

    def __init__(self, file: str, text: str) -> None:
        self.file, self.text = file, text
        self.problems: list[Problem] = []
        self.keys: dict[KeyPath, tuple[int, int]] = {}
        self.values: dict[KeyPath, tuple[int, int]] = {}
        self.texts: dict[KeyPath, str] = {}
        self.anchors: dict[str, _Node] = {}
        self.count = 0

    def document(self) -> Document:
        if "\x00" in self.text:
            self._fail((1, 1), "holds a zero byte: this is a binary file")
        root = self._root()
        data = None if root is None else self._build(root, ())
        if data is None:
            self._fail((1, 1), "is empty", "start with: groundplan init NAME")
        return Document(self.file, data, self.keys, self.values, self.texts)

    def _fail(self, place: tuple[int, int], message: str, hint: str = "") -> NoReturn:
        raise InputErrors([*self.problems, Problem(self.file, *place, "", message, hint)])

    def _root(self) -> _Node | None:
        from ruamel.yaml import YAML
        from ruamel.yaml.error import MarkedYAMLError, YAMLError

        try:
            events = YAML(typ="safe", pure=True).parse(self.text)
            return self._compose(iter(events))
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            lines = _LINE_BREAK.split(self.text)
            tabs = [number for number, each in enumerate(lines, 1) if "\t" in each[: len(each) - len(each.lstrip())]]
            if line in tabs or "'\\t'" in str(error.problem):
                others = [str(number) for number in tabs if number != line]
                hint = "replace each tab by two spaces"
                hint += f", also in line{'s' * (len(others) > 1)} {', '.join(others[:20])}" if others else ""
                faulty = lines[line - 1] if line <= len(lines) else ""
                column = column if faulty[column - 1 : column] == "\t" else faulty.find("\t") + 1
                self._fail((line, max(column, 1)), "a tab: YAML is laid out with spaces", hint)
            begin = error.context_mark
            hint = f"{error.context} that begins in line {begin.line + 1}" if error.context and begin else ""
            message = str(error.problem or error.context or "is not YAML")
            if message.startswith("expected <block end>"):
                message = "does not fit the lines above: is it indented like its neighbours, and is a text with : quoted?"
            if message.startswith("mapping values are not allowed"):
                message, hint = "a second ': ' in one line", "put a text that holds ': ' in quotes"
            self._fail((line, column), message, hint)
        except YAMLError as error:
            position = getattr(error, "position", None)
            if isinstance(position, int) and position < len(self.text):
                character = printable(self.text[position])
                self._fail(self._place(position), f"holds the character '{character}', which YAML does not allow", "remove it")
            self._fail((1, 1), f"is not YAML: {str(error).partition(chr(10))[0]}")
        except (ValueError, OverflowError):  # an escape code such as \U00110000, which the library does not check
            found = re.search(r"\\U(?!0000|000[0-9a-fA-F]|0010)[0-9a-fA-F]{8}", self.text)
            self._fail(
                self._place(found.start() if found else 0), "an escape code that is no character", "the last is \\U0010ffff"
            )

    def _place(self, position: int) -> tuple[int, int]:
        """Find line and column of a position in the text."""
        before = _LINE_BREAK.split(self.text[:position])
        return len(before), len(before[-1]) + 1

    def _compose(self, events: Iterator[Any]) -> _Node | None:
        """Turn events into nodes without recursion."""
        root: _Node | None = None
        stack: list[_Node] = []
        documents = 0
        for event in events:
            kind = type(event).__name__
            mark = event.start_mark
            place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            if kind == "DocumentStartEvent":
                documents += 1
                if documents > 1:
                    self._note(place, (), "a second document: one factory a file", "split the file at ---")
                    break
            if kind in ("MappingEndEvent", "SequenceEndEvent"):
                stack.pop()
            if kind not in ("MappingStartEvent", "SequenceStartEvent", "ScalarEvent", "AliasEvent"):
                continue
            if kind == "AliasEvent":
                if event.anchor not in self.anchors:
                    self._fail(place, f"alias *{event.anchor} has no anchor before it")
                if any(node is self.anchors[event.anchor] for node in stack):
                    self._fail(place, f"alias *{event.anchor} stands inside its own anchor")
                node = _Node("alias", place, target=self.anchors[event.anchor])
            elif kind == "ScalarEvent":
                node = _Node("scalar", place, text=_paired(event.value), plain=event.style is None, tag=_tag(event))
            else:
                node = _Node("map" if kind == "MappingStartEvent" else "list", place, tag=_tag(event))
            if event.anchor and kind != "AliasEvent":
                self.anchors[event.anchor] = node
            self.count += 1
            if self.count > MOST_VALUES:
                self._fail(place, f"holds more than {MOST_VALUES:,} values")
            if stack:
                stack[-1].children.append(node)
            else:
                root = node
            if node.kind in ("map", "list"):
                stack.append(node)
                if len(stack) > MOST_LEVELS:
                    self._fail(place, f"is nested more than {MOST_LEVELS} levels deep")
        self.count = 0
        return root

    def _build(self, node: _Node, path: KeyPath, alias: tuple[int, int] | None = None) -> Any:
        """Make data of a node; `alias` is the place of the outermost alias that led here."""
        place = node.place
        if node.kind == "alias":
            assert node.target is not None  # noqa: S101 - _compose refuses aliases without a target
            node, alias = node.target, alias or place
        self.count += 1
        if self.count > MOST_VALUES:
            self._fail(alias or place, f"aliases expand to more than {MOST_VALUES:,} values", "write the values out")
        if len(path) > MOST_LEVELS:
            self._fail(alias or place, f"aliases nest more than {MOST_LEVELS} levels deep", "write the values out")
        # An empty value has no place of its own: its key is where to look.
        self.values[path] = self.keys.get(path, place) if node.kind == "scalar" and node.plain and not node.text else place
        if node.tag:
            hint = "leave the tag away; what is a text stands in quotes"
            self._note(node.place, path, f"tag {node.tag} is not allowed: files hold plain data only", hint)
        if node.kind == "scalar":
            self.texts[path] = node.text
            if _is_broken(node.text):
                self._note(place, path, "holds half a character (a lone surrogate)", "write the whole character")
                return "?"
            return _scalar(node.text, node.plain)
        if node.kind == "list":
            return [self._build(child, (*path, number), alias) for number, child in enumerate(node.children)]
        return self._map(node, path, alias)

    def _map(self, node: _Node, path: KeyPath, alias: tuple[int, int] | None) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in zip(node.children[::2], node.children[1::2], strict=True):
            key = key_node.target if key_node.kind == "alias" else key_node
            assert key is not None  # noqa: S101 - _compose refuses aliases without a target
            if key.kind != "scalar":
                self._note(key_node.place, path, "a key must be a word, not a list or a map")
                continue
            name = key.text
            if _is_broken(name):
                self._note(key_node.place, path, "a key holds half a character (a lone surrogate)")
                continue
            if name == "<<" and key.plain:
                self._note(key_node.place, path, "merge keys (<<) are not part of YAML 1.2", "write the keys out")
                continue
            if name in result:
                first = self.keys[(*path, name)]
                self._note(key_node.place, (*path, name), f"stands twice (first in line {first[0]})", "keep one")
                continue
            self.keys[(*path, name)] = key_node.place
            result[name] = self._build(value_node, (*path, name), alias)
        return result

    def _note(self, place: tuple[int, int], path: KeyPath, message: str, hint: str = "") -> None:
        self.problems.append(Problem(self.file, *place, dotted(path), message, hint))


@dataclass(eq=False)
class _Node:
    kind: str
    place: tuple[int, int]
    text: str = ""
    plain: bool = False
    tag: str = ""
    target: _Node | None = None
    children: list[_Node] = field(default_factory=list)


def _paired(text: str) -> str:
    r"""Join surrogate pairs: a file may escape a character as JSON does, in two halves such as \\ud83d\\ude00."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass") if _is_broken(text) else text


def _is_broken(text: str) -> bool:
    """Tell whether a text holds half a character, which has no UTF-8 form."""
    return any("\ud800" <= char <= "\udfff" for char in text)


def _tag(event: Any) -> str:
    """Name an explicit tag as people write it; empty if there is none."""
    tag = str(event.tag or "")
    return tag.replace("tag:yaml.org,2002:", "!!", 1)


def _scalar(text: str, plain: bool) -> Any:
    """Resolve a scalar by ruamel's YAML 1.2 rules: NO stays a text, 012 is twelve; what is no number after all is a text."""
    if not plain:
        return text
    tag = _resolver().resolve(_SCALAR_NODE, text, (True, False))
    kind = str(tag).rpartition(":")[2]
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    if kind == "int":
        digits = text.replace("_", "").lower()
        sign = -1 if digits.startswith("-") else 1
        digits = digits.lstrip("+-")
        base = {"0x": 16, "0o": 8, "0b": 2}.get(digits[:2], 10)
        digits = digits[2:] if base != 10 else digits
        if not digits:
            return text
        return sign * (int(digits, base) if len(digits) < MOST_DIGITS else 10**MOST_DIGITS)
    if kind == "float":
        words = text.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan")
        return float(words) if words.strip("+-.")[:1].isalnum() else text
    return text


_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # as YAML counts lines
_SCALAR_NODE: Any = None
_RESOLVER: Any = None


def _resolver() -> Any:
    global _SCALAR_NODE, _RESOLVER  # noqa: PLW0603 - made once, at first use: the import is slow
    if _RESOLVER is None:
        from ruamel.yaml.nodes import ScalarNode
        from ruamel.yaml.resolver import VersionedResolver

        _SCALAR_NODE = ScalarNode
        _RESOLVER = VersionedResolver()
    return _RESOLVER
