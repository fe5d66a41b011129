"""A user's own rows extend and override the catalog; what is wrong with them is said cell by cell."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.catalog import KINDS, load_catalog
from planner.catalog.load import read_catalog
from planner.catalog.records import Node, Rack
from planner.errors import InputErrors, Problem

HEADER = "id,name,vendor,height_u,load_max_kg,weight_kg,width_mm,depth_mm,confidence,source_url,retrieved_on,note\n"
ROW = "my-rack,Rack,Me,48,1000,100,600,1200,vendor,https://x.org/y,2026-01-31,\n"


def folder(where: Path, **files: str | bytes) -> Path:
    for name, content in files.items():
        (where / f"{name}.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    return where


def problems(where: Path, **files: str | bytes) -> list[Problem]:
    with pytest.raises(InputErrors) as caught:
        load_catalog(folder(where, **files))
    return list(caught.value.problems)


def test_the_catalog_has_rows_of_every_kind_with_source_and_date() -> None:
    catalog = load_catalog()
    assert catalog.overrides == ()
    for kind in KINDS:
        assert catalog.rows[kind]
        assert all(row_id == row.id for row_id, row in catalog.rows[kind].items())
    assert catalog.ids().keys() == {*KINDS, "vendors"}
    assert "NVIDIA" in catalog.ids()["vendors"]


def test_a_new_id_extends_and_is_found(tmp_path: Path) -> None:
    catalog = load_catalog(folder(tmp_path, racks=HEADER + ROW))
    assert catalog.get(Rack, "my-rack").load_max_kg == 1000
    assert len(catalog.all(Rack)) == len(load_catalog().all(Rack)) + 1
    assert catalog.find("my-rack") == [("racks", catalog.get(Rack, "my-rack"))]
    assert catalog.overrides == ()
    assert catalog.version != load_catalog().version
    assert "Me" in catalog.ids()["vendors"]


def test_a_known_id_overrides_the_cells_given_and_keeps_the_others(tmp_path: Path) -> None:
    before = load_catalog().get(Node, "dgx-h100")
    catalog = load_catalog(folder(tmp_path, nodes="id,power_max_kw,name,gpu\ndgx-h100,9.5,,h200\n"))
    assert catalog.get(Node, "dgx-h100") == before.model_copy(update={"power_max_kw": 9.5, "gpu": "h200"})
    assert catalog.overrides == (("nodes", "dgx-h100", f"gpu h100 -> h200, power_max_kw {before.power_max_kw:g} -> 9.5"),)
    assert load_catalog().get(Node, "dgx-h100") == before, "the built-in rows stay as they are"


def test_an_override_that_changes_nothing_says_so(tmp_path: Path) -> None:
    assert load_catalog(folder(tmp_path, racks="id\nrack-48u-generic\n")).overrides == (
        ("racks", "rack-48u-generic", "nothing changed"),
    )


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + (HEADER + ROW).encode(),
        (HEADER + ROW).replace("\n", "\r\n").encode(),
        (HEADER + ROW).replace(",", " , ").encode(),
        (HEADER + "\n" + ROW + ",,,,,,,,,,,\n\n").encode(),
        (HEADER + ROW.replace("Rack", '"Rack"')).encode().rstrip(b"\n"),
    ],
    ids=["byte order mark", "CRLF", "spaces", "empty lines", "quotes and no last line end"],
)
def test_what_spreadsheets_make_of_a_file_changes_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    plain = load_catalog(folder(tmp_path / "a", racks=HEADER + ROW))
    assert load_catalog(folder(tmp_path / "b", racks=content)).rows == plain.rows


def test_the_version_is_of_the_content_not_of_line_ends(tmp_path: Path) -> None:
    one = load_catalog(folder(tmp_path, racks=HEADER + ROW)).version
    assert load_catalog(folder(tmp_path, racks=(HEADER + ROW).replace("\n", "\r\n"))).version == one
    assert load_catalog(folder(tmp_path, racks=HEADER + ROW.replace("1000", "1001"))).version != one


@pytest.mark.parametrize(
    ("old", "new", "column", "message"),
    [
        ("my-rack", "My_Rack", 1, "must be lower-case letters, digits and hyphens, at most 63, not 'My_Rack'"),
        ("my-rack", "", 1, "is missing"),
        ("Me", "", 14, "is missing"),
        ("48", "tall", 17, "must be a number, not 'tall'"),
        ("48", "nan", 17, "must be a finite number, not 'nan'"),
        ("48", "1e999", 17, "must be a finite number, not '1e999'"),
        ("48", "9" * 5000, 17, "must be a finite number, not '9999"),
        ("1000", "0", 20, "must be more than 0 kg, not '0'"),
        ("1000", "-5", 20, "must be more than 0 kg, not '-5'"),
        ("1000", "1e9", 20, "must be less than 1,000,000,000 kg, not '1e9'"),
        ("1000", '"1,000"', 20, "must be a number, not '1,000'"),
        ("vendor", "sure", 38, "must be 'vendor', 'secondary' or 'assumption', not 'sure'"),
        ("https://x.org/y", "javascript:alert(1)", 45, "must be a web address, https://..., not 'javascript:alert(1)'"),
        ("2026-01-31", "31.01.2026", 61, "must be a date such as 2026-01-31, not '31.01.2026'"),
        ("2026-01-31", "2026-02-30", 61, "must be a date such as 2026-01-31, not '2026-02-30'"),
    ],
)
def test_a_bad_cell_is_found_where_it_begins(tmp_path: Path, old: str, new: str, column: int, message: str) -> None:
    (found,) = problems(tmp_path, racks=HEADER + ROW.replace(old, new, 1))
    assert (found.line, found.column) == (2, column)
    assert found.message.startswith(message)
    assert len(str(found)) < 400


def test_a_cell_after_a_text_of_several_lines_is_found(tmp_path: Path) -> None:
    row = ROW.replace("Rack", '"Rack\nof, ""mine"""').replace("48", "-1")
    found = problems(tmp_path, racks=HEADER + row + ROW + ROW)
    assert [(each.line, each.column, each.path) for each in found] == [
        (3, 18, "my-rack.height_u"),
        (4, 1, "my-rack"),
        (5, 1, "my-rack"),
    ]


@pytest.mark.parametrize(
    ("content", "place", "message", "hint"),
    [
        ("", (1, 1), "holds no header", "columns: id, "),
        ("\n", (1, 1), "holds no header", "columns: id, "),
        ("name\nx\n", (1, 1), "column is missing", "columns: id, "),
        (HEADER.replace(",", ";"), (1, 1), "not separated by commas", "comma-separated"),
        (HEADER.replace("weight_kg", "weight") + ROW, (1, 37), "is not a column of this file", "did you mean weight_kg?"),
        ("id,height_u,height_u\nrack-48u-generic,1,2\n", (1, 13), "column stands twice", "keep one"),
        ("id,\nrack-48u-generic,\n", (1, 4), "a column without a name", "allowed: "),
        (HEADER + ROW + "x,1\n", (3, 1), "has 2 cells, the header has 12", "in quotes"),
        (HEADER + ROW + ROW, (3, 1), "stands twice (first in line 2)", "keep one"),
        ("id,name\nnew-rack,x\n", (2, 1), "is missing", "add the column"),
        (HEADER + ROW + '"x\n', (3, 1), "is not CSV", "not closed"),
        (HEADER + ROW.replace("\n", "x" * 200_000 + "\n"), (2, 1), "is not CSV: field larger", ""),
        (HEADER.encode() + b"caf\xe9\n", (2, 4), "is not UTF-8: byte 0xe9", "UTF-8"),
        (b" " * 1_000_001, (0, 0), "at most 1 MB is read", "another kind of file"),
    ],
)
def test_a_file_of_the_wrong_form_is_refused(
    tmp_path: Path, content: str | bytes, place: tuple[int, int], message: str, hint: str
) -> None:
    found = problems(tmp_path, racks=content)[0]
    assert (found.line, found.column) == place
    assert message in found.message
    assert hint in found.hint


def test_a_misspelt_column_is_not_also_missing_in_every_row(tmp_path: Path) -> None:
    assert len(problems(tmp_path, racks=HEADER.replace("weight_kg", "weight") + ROW + ROW.replace("my-", "your-"))) == 1


def test_the_faults_of_all_files_are_reported_at_once(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        gadgets="",
        nodes="id,gpu,compute_switch\ndgx-h100,h10,qm970\n",
        prices="id,price_usd\nnothing,1\ndgx-h100,-1\n",
        racks=HEADER + ROW.replace("48", "0").replace("Me", ""),
    )
    assert [(Path(each.file).name, each.line, each.column, each.path) for each in found] == [
        ("gadgets.csv", 0, 0, ""),
        ("nodes.csv", 2, 10, "dgx-h100.gpu"),
        ("nodes.csv", 2, 14, "dgx-h100.compute_switch"),
        ("prices.csv", 2, 1, "nothing.confidence"),
        ("prices.csv", 2, 1, "nothing.retrieved_on"),
        ("prices.csv", 2, 1, "nothing.source_url"),
        ("prices.csv", 3, 10, "dgx-h100.price_usd"),
        ("racks.csv", 2, 14, "my-rack.vendor"),
        ("racks.csv", 2, 15, "my-rack.height_u"),
    ]


def test_a_reference_into_nothing_suggests_the_nearest_id(tmp_path: Path) -> None:
    price = "id,price_usd,confidence,source_url,retrieved_on\ndgx-h10,1,vendor,https://x.org,2026-01-31\n"
    (found,) = problems(tmp_path, prices=price)
    assert found.message == "is no item of the catalog"
    assert found.hint.startswith("did you mean dgx-h100?")


def test_own_rows_may_refer_to_own_rows(tmp_path: Path) -> None:
    price = "id,price_usd,confidence,source_url,retrieved_on\nmy-rack,1,vendor,https://x.org,2026-01-31\n"
    catalog = load_catalog(folder(tmp_path, racks=HEADER + ROW, prices=price))
    found = catalog.price("my-rack")
    assert found is not None
    assert found.price_usd == 1


def test_a_price_of_a_faulty_row_is_no_second_fault(tmp_path: Path) -> None:
    price = "id,price_usd,confidence,source_url,retrieved_on\nmy-rack,1,vendor,https://x.org,2026-01-31\n"
    (found,) = problems(tmp_path, racks=HEADER + ROW.replace("48", "0"), prices=price)
    assert found.path == "my-rack.height_u"


def test_what_can_be_read_of_a_faulty_folder_is(tmp_path: Path) -> None:
    rows = ROW + ROW.replace("my-", "your-").replace("48", "0")
    catalog, ids, found = read_catalog(folder(tmp_path, racks=HEADER + rows, nodes=b"\xff"))
    assert "my-rack" in catalog.rows["racks"]
    assert "your-rack" not in catalog.rows["racks"]
    assert {"my-rack", "your-rack"} <= ids["racks"]
    assert "nodes" not in ids, "what the file would have held is not known"
    assert len(found) == 2


@pytest.mark.parametrize(
    ("name", "message"),
    [("nowhere", "is not a folder"), ("file", "is not a folder"), ("empty", "holds no catalog file"), ("x" * 5000, "too long")],
)
def test_a_folder_without_catalog_files_is_refused(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputErrors, match=message):
        load_catalog(tmp_path / name)


def test_a_folder_that_may_not_be_listed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbid(_: Path) -> None:  # the superuser may list all folders: only the system's answer is made up
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", forbid)
    with pytest.raises(InputErrors, match="cannot be read: Permission denied"):
        load_catalog(tmp_path)


def test_a_folder_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "racks.csv").mkdir()
    with pytest.raises(InputErrors, match=r"racks\.csv: is a directory"):
        load_catalog(tmp_path)


CELLS = st.sampled_from(
    ["", "id", "name", "my-rack", "rack-48u-generic", "48", "-1", "nan", "\x1b[31m", "\0", '"', '""', "\r", "a\nb", "é", ";"]
)


@given(
    st.text()
    | st.binary()
    | st.lists(st.lists(CELLS | st.text(max_size=3), max_size=5).map(",".join), max_size=5).map("\n".join)
)
def test_no_content_raises_anything_but_input_errors(tmp_path_factory: pytest.TempPathFactory, content: str | bytes) -> None:
    where = tmp_path_factory.mktemp("any", numbered=True)
    raw = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    _, _, found = read_catalog(folder(where, racks=raw))
    assert all(each.line >= 1 and each.column >= 1 and each.message for each in found)
    assert all(char.isprintable() or char == "\n" for each in found for char in str(each))
