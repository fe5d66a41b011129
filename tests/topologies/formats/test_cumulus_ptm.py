"""PTM's topology.dot: every physical cable, in ports' names, and back."""

from __future__ import annotations

import pytest

from topologies.clos import fat_tree
from topologies.formats import cumulus_ptm
from topologies.torus import torus


def test_a_small_file_is_exact() -> None:
    assert cumulus_ptm.write(fat_tree(1, 2, radix=4, links_per_port=2)) == (
        'graph "G" {\n'
        '  hostnametype="hostname"\n'
        '  LLDP="match_type=ifname"\n'
        '  "n0000":"eth1" -- "switch":"swp1s0"\n'
        '  "n0000":"eth2" -- "switch":"swp1s1"\n'
        "}\n"
    )


def test_it_comes_back() -> None:
    fabric = fat_tree(31, 8, radix=64, extra_links=4, links_per_port=2)
    rows = cumulus_ptm.read(cumulus_ptm.write(fabric))
    assert len(rows) == len(set(rows)) == 508
    assert rows[252] == ("su00-rail0-leaf", "swp17s0", "spine00", "swp1s0")
    switches_only = cumulus_ptm.read(cumulus_ptm.write(fabric, hosts=False))
    assert switches_only == rows[252:]


def test_links_inside_a_chip_are_no_cables() -> None:
    fabric = torus((3, 3))
    assert len(cumulus_ptm.read(cumulus_ptm.write(fabric))) == 18


def test_the_samples_of_the_tool_are_read() -> None:
    sample = """
    # a comment with "quotes" -- "and":"edges"
    graph G {
    ## global params
        LLDP=""
        B1="upMinTx=250, detectMult=4"
        "switch1":"swp1" -- "switch2":"swp41"
        "switch1":"swp2" -- "switch2":"swp42" [LLDP="match_type=portdescr", BFD="upMinTx=400"];
        leaf-1:swp3--spine-2:swp4s1 /* "x":"y" -- "z":"w" */ // "a":"b" -- "c":"d"
    }
    """
    assert cumulus_ptm.read(sample) == [
        ("switch1", "swp1", "switch2", "swp41"),
        ("switch1", "swp2", "switch2", "swp42"),
        ("leaf-1", "swp3", "spine-2", "swp4s1"),
    ]


@pytest.mark.parametrize("text", ["", "graph G {", "digraph G { }", 'graph G { "open }', "{}", "graph G { a:b -> c:d }"])
def test_what_is_no_graph_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a PTM topology"):
        cumulus_ptm.read(text)
