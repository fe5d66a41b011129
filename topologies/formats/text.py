"""Escaping and layout that the formats share: YAML, DOT, XML, CSV, and names that a format cannot hold."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import quoteattr

__all__ = ["check_names", "csv_text", "dot_quoted", "xml_attribute", "yaml_document", "yaml_text"]

# Letters first, so that no number, date, "~" or ".inf" is among them; then the words that YAML reads as other things.
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
_WORDS = frozenset(["true", "false", "yes", "no", "on", "off", "y", "n", "null"])
_UNSEEN = re.compile("[\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\ud800-\udfff\ufeff\ufffe\uffff]")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def yaml_text(value: str | int | float | bool | None) -> str:
    """Write one scalar so that YAML 1.1 and 1.2 read back the same value of the same type.

    Parameters
    ----------
    value : str, int, float, bool or None
        What to write.

    Returns
    -------
    str
        Plain where no reader can misread it, in double quotes otherwise; always one line.

    References
    ----------
    YAML Ain't Markup Language 1.2.2, sections 5.7 (escaped characters), 7.3 (flow scalar styles) and 10.3 (core schema).

    Examples
    --------
    >>> [yaml_text(each) for each in ("su03-rail5-leaf", "no", "017", "a: b", 400.0, True, None)]
    ['su03-rail5-leaf', '"no"', '"017"', '"a: b"', '400.0', 'true', 'null']
    """
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):
        return ".nan" if value != value else ".inf" if value > 0 else "-.inf"
    if isinstance(value, float):
        mantissa, letter, exponent = repr(value).partition("e")  # YAML 1.1 wants a point before the exponent, and its sign
        return mantissa + ("" if "." in mantissa or not letter else ".0") + letter + exponent
    if not isinstance(value, str):
        return json.dumps(value)
    if _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))


def yaml_document(value: Any) -> str:
    """Write nested mappings, sequences and scalars as a YAML document in block style.

    Parameters
    ----------
    value : mapping, sequence or scalar
        Mappings keep their order; strings, numbers, booleans and None are scalars.

    Returns
    -------
    str
        Lines, the last one ended.

    Examples
    --------
    >>> print(yaml_document({"links": [{"ends": ["leaf0:e1", "n0:eth0"]}], "none": []}), end="")
    links:
      - ends:
          - "leaf0:e1"
          - "n0:eth0"
    none: []
    """
    return "\n".join(_yaml_lines(value)) + "\n"


def _yaml_lines(value: Any) -> list[str]:
    """Lines of a value, not indented."""
    if isinstance(value, Mapping):
        lines = []
        for key, each in value.items():
            inner = _yaml_lines(each)
            if _is_block(each):
                lines += [f"{yaml_text(key)}:", *(f"  {line}" for line in inner)]
            else:
                lines.append(f"{yaml_text(key)}: {inner[0]}")
        return lines or ["{}"]
    if isinstance(value, Sequence) and not isinstance(value, str):
        lines = []
        for each in value:
            first, *rest = _yaml_lines(each)
            lines += [f"- {first}", *(f"  {line}" for line in rest)]
        return lines or ["[]"]
    return [yaml_text(value)]


def _is_block(value: Any) -> bool:
    return isinstance(value, (Mapping, Sequence)) and not isinstance(value, str) and len(value) > 0


def dot_quoted(value: str) -> str:
    r"""Write a string as a DOT identifier in double quotes; as a label it shows the same text.

    References
    ----------
    Graphviz, "DOT Language": in quoted strings the only escaped character is the double quote.

    Examples
    --------
    >>> print(dot_quoted('a "leaf"'), dot_quoted("two\nlines"), dot_quoted("back\\slash"))
    "a \"leaf\"" "two\nlines" "back\\slash"
    """
    if "\0" in value:
        raise ValueError(f"DOT cannot hold a NUL character ({value!r})")
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "\\n") + '"'


def xml_attribute(value: object) -> str:
    """Write a value as an XML attribute with its quotes, in which a reader finds the same text.

    References
    ----------
    W3C, Extensible Markup Language (XML) 1.0, sections 2.2 (characters) and 3.3.3 (attribute-value normalisation).

    Examples
    --------
    >>> print(xml_attribute("a<b & c"), xml_attribute('say "hi"'), xml_attribute(400))
    "a&lt;b &amp; c" 'say "hi"' "400"
    """
    text = str(value)
    if _NOT_XML.search(text):
        raise ValueError(f"XML cannot hold a control character ({text!r})")
    return quoteattr(text)


def csv_text(rows: Iterable[Sequence[object]]) -> str:
    r"""Write rows as comma-separated values, cells quoted where they must be; lines end with a line feed.

    References
    ----------
    RFC 4180, Common Format and MIME Type for Comma-Separated Values (CSV) Files.

    Examples
    --------
    >>> csv_text([["name", "length_m"], ['the "long" one', 3.5], ["a,b", None]])
    'name,length_m\n"the ""long"" one",3.5\n"a,b",\n'
    """
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def check_names(names: Iterable[str], allowed: str, of_format: str) -> None:
    """Refuse names that a format cannot hold and has no way to escape.

    Parameters
    ----------
    names : iterable of str
        Names to be written.
    allowed : str
        Regular expression of a whole name.
    of_format : str
        What the format is called, for the message.

    Raises
    ------
    ValueError
        At the first name that does not match; it says which.

    Examples
    --------
    >>> check_names(["leaf01", "leaf 02"], r"[a-z0-9]+", "a hostlist")
    Traceback (most recent call last):
    ValueError: 'leaf 02' cannot be a name in a hostlist
    """
    pattern = re.compile(allowed)
    for name in names:
        if not pattern.fullmatch(name):
            raise ValueError(f"{name!r} cannot be a name in {of_format}")
