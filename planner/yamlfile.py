"""YAML 1.2 in, plain data and the place of every key and value out; hostile or broken files become located problems."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from planner.errors import InputErrors, Problem, dotted

__all__ = ["Document", "KeyPath", "read_text", "read_yaml"]

MOST_BYTES = 1_000_000  # a factory of every section is a few kilobytes
MOST_VALUES = 100_000  # what aliases may expand to, counted after expansion
MOST_LEVELS = 40

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True)
class Document:
    """A parsed file: plain data, and the line and column of every key and every value by path."""

    file: str
    data: Any
    keys: dict[KeyPath, tuple[int, int]] = field(repr=False)
    values: dict[KeyPath, tuple[int, int]] = field(repr=False)

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
            near = sorted(p.name for p in path.parent.glob("*.y*ml"))[:8] if path.parent.is_dir() else []
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
            "a factory file holds intent, a few kilobytes; is this another kind of file?",
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line, column = before.count(b"\n") + 1, error.start - (before.rfind(b"\n") + 1) + 1
        raise refuse(f"is not UTF-8: byte 0x{raw[error.start]:02x}", "save the file as UTF-8", line, column) from None


def read_yaml(path: Path, text: str | None = None) -> Document:
    """Read one YAML 1.2 document without running anything in it.

    Parameters
    ----------
    path : Path
        The file; its name stands in every problem.
    text : str, optional
        The content, if it was read already.

    Raises
    ------
    InputErrors
        With every duplicate key, tab or other fault that can be found, each with line and column.
    """
    text = read_text(path) if text is None else text
    return _Reader(str(path), text).document()


class _Reader:
    """Builds data from ruamel's parse events, so that depth and size are bounded before anything is built."""

    def __init__(self, file: str, text: str) -> None:
        self.file, self.text = file, text
        self.problems: list[Problem] = []
        self.keys: dict[KeyPath, tuple[int, int]] = {}
        self.values: dict[KeyPath, tuple[int, int]] = {}
        self.anchors: dict[str, _Node] = {}
        self.count = 0

    def document(self) -> Document:
        if "\x00" in self.text:
            self._fail((1, 1), "holds a zero byte: this is a binary file")
        root = self._root()
        if root is None:
            self._fail((1, 1), "is empty", "start with: groundplan init NAME")
        data = self._build(root, ())
        if self.problems:
            raise InputErrors(self.problems)
        return Document(self.file, data, self.keys, self.values)

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
            message = (error.problem or error.context or "is not YAML").replace("\n", " ")
            hint = ""
            lines = self.text.splitlines()
            faulty = lines[line - 1] if line <= len(lines) else ""
            if "\t" in faulty[: max(column, 1)] or "'\\t'" in message:
                column = faulty.find("\t") + 1
                message, hint = "a tab: YAML indents with spaces", "replace each tab by two spaces"
            self._fail((line, column), message, hint)
        except YAMLError as error:
            line, column = 1, 1
            position = getattr(error, "position", None)
            if isinstance(position, int):
                before = self.text[:position]
                line, column = before.count("\n") + 1, position - before.rfind("\n")
            self._fail((line, column), f"is not YAML: {str(error).splitlines()[0]}")

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
                    self._fail(place, "a second document: one factory a file", "split the file at ---")
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
                node = _Node("scalar", place, text=event.value, plain=event.style is None, tag=_tag(event))
            else:
                node = _Node("map" if kind == "MappingStartEvent" else "list", place, tag=_tag(event))
            if event.anchor and kind != "AliasEvent":
                self.anchors[event.anchor] = node
            if stack:
                stack[-1].children.append(node)
            else:
                root = node
            if node.kind in ("map", "list"):
                stack.append(node)
                if len(stack) > MOST_LEVELS:
                    self._fail(place, f"is nested more than {MOST_LEVELS} levels deep")
        return root

    def _build(self, node: _Node, path: KeyPath) -> Any:
        if node.kind == "alias":
            assert node.target is not None  # noqa: S101 - _compose refuses aliases without a target
            place, node = node.place, node.target
        else:
            place = node.place
        self.count += 1
        if self.count > MOST_VALUES or len(path) > MOST_LEVELS:
            self._fail(place, f"aliases expand to more than {MOST_VALUES:,} values", "write the values out")
        self.values[path] = place
        if node.tag:
            self._note(node.place, path, f"tag {node.tag} is not allowed: files hold plain data only")
            return None
        if node.kind == "scalar":
            return _scalar(node.text, node.plain)
        if node.kind == "list":
            return [self._build(child, (*path, number)) for number, child in enumerate(node.children)]
        return self._map(node, path)

    def _map(self, node: _Node, path: KeyPath) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in zip(node.children[::2], node.children[1::2], strict=True):
            key = key_node.target if key_node.kind == "alias" else key_node
            assert key is not None  # noqa: S101 - _compose refuses aliases without a target
            if key.kind != "scalar":
                self._note(key_node.place, path, "a key must be a word, not a list or a map")
                continue
            name = key.text
            if name == "<<" and key.plain:
                self._note(key_node.place, path, "merge keys (<<) are not part of YAML 1.2", "write the keys out")
                continue
            if name in result:
                first = self.keys[(*path, name)]
                self._note(key_node.place, (*path, name), f"stands twice (first in line {first[0]})", "keep one")
                continue
            self.keys[(*path, name)] = key_node.place
            result[name] = self._build(value_node, (*path, name))
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


def _tag(event: Any) -> str:
    """Name an explicit tag that is not one of YAML's own scalar types written out."""
    tag = getattr(event, "tag", None) or getattr(event, "ctag", None)
    text = str(tag) if tag is not None else ""
    return "" if text in ("", "None", "!") else text


def _scalar(text: str, plain: bool) -> Any:
    """Resolve a scalar by ruamel's YAML 1.2 rules: NO stays a text, 012 is twelve."""
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
        return sign * int(digits[2:] if base != 10 else digits, base) if len(digits) < 400 else text
    if kind == "float":
        words = text.replace("_", "").lower()
        return float(words.replace(".inf", "inf").replace(".nan", "nan"))
    return text


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
