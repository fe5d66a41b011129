"""Hostlists: every list of names comes back, and typing errors are refused."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topologies.formats.hostlist import compress, expand

names = st.from_regex(r"[A-Za-z0-9._-]{1,12}", fullmatch=True) | st.builds(
    "{}{:0{}d}".format, st.sampled_from(["n", "rack7-", "7", ""]), st.integers(0, 120), st.integers(1, 4)
)


@given(st.lists(names, min_size=1, max_size=60))
def test_any_names_come_back_in_their_order(listed: list[str]) -> None:
    assert list(expand(compress(listed))) == listed


@given(st.integers(0, 10**9 - 2000), st.integers(1, 2000), st.integers(1, 9))
def test_a_run_of_numbers_is_one_range(first: int, count: int, width: int) -> None:
    run = [f"n{number:0{width}d}" for number in range(first, first + count)]
    text = compress(run)
    assert "," not in text
    assert list(expand(text)) == run


@pytest.mark.parametrize(
    ("listed", "text"),
    [
        (["n0"], "n0"),
        (["n0", "n1"], "n[0-1]"),
        (["n9", "n10", "n11"], "n[9-11]"),
        (["n09", "n10", "n99", "n100"], "n[09-10,99-100]"),
        (["n1", "n3", "n5"], "n[1,3,5]"),
        (["n2", "n1"], "n[2,1]"),
        (["n01", "n2"], "n[01,2]"),
        (["a1", "b1", "a2"], "a1,b1,a2"),
        (["su03-rail5-leaf", "su04-rail5-leaf"], "su03-rail5-leaf,su04-rail5-leaf"),
        (["n0000-nic0", "n0000-nic1"], "n0000-nic[0-1]"),
        (["x", "x"], "x,x"),
        ([f"n{number:04d}" for number in range(128)], "n[0000-0127]"),
        ([], ""),
    ],
)
def test_what_is_written(listed: list[str], text: str) -> None:
    assert compress(listed) == text


@pytest.mark.parametrize("name", ["", "a,b", "a[1]", "a b", "a=b", "a#b", "ü", "a\n"])
def test_names_with_signs_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be a name in a hostlist"):
        compress(["n0", name])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("n[0-3", "'n[0-3' is no hostlist"),
        ("n0-3]", "'n0-3]' is no hostlist"),
        ("n[[0]]", "is no hostlist"),
        ("a,,b", "'' is no hostlist"),
        ("", "'' is no hostlist"),
        ("a,", "'' is no hostlist"),
        ("a b", "'a b' is no hostlist"),
        ("n[3-1]", "'3-1' in 'n[3-1]' runs backwards"),
        ("n[]", "'' in 'n[]' is no number or range"),
        ("n[a-b]", "'a-b' in 'n[a-b]' is no number or range"),
        ("n[0-3]m[0-3]", "is no hostlist"),
        ("n[0-99999999]", "'n[0-99999999]' stands for too many names"),
    ],
)
def test_typing_errors_are_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        expand(text)


def test_a_suffix_behind_brackets_is_read() -> None:
    assert expand("n[08-10]-ib,x") == ("n08-ib", "n09-ib", "n10-ib", "x")
