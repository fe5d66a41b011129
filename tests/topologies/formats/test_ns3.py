"""ns-3 topologies: counts of the first line hold, and no two links join the same nodes."""

from __future__ import annotations

import pytest

from topologies.clos import fat_tree, rail_only
from topologies.dragonfly import dragonfly
from topologies.fabric import Fabric
from topologies.formats import ns3
from topologies.xgft import xgft


def parse(text: str) -> tuple[list[str], list[int], list[tuple[int, int, float]]]:
    head, switches, *lines = text.splitlines()
    links = []
    for line in lines:
        a, b, rate, delay, loss = line.split(" ")
        assert rate.endswith("Gbps")
        assert delay.endswith("ms")
        assert float(loss) == 0
        links.append((int(a), int(b), float(rate.removesuffix("Gbps"))))
    return head.split(" "), [int(each) for each in switches.split(" ")], links


@pytest.mark.parametrize(
    "fabric",
    [fat_tree(32, 8, radix=64), xgft((4, 4), (1, 2), (1, 3)), dragonfly(2, 4, 2), rail_only(16, 4, radix=16)],
    ids=lambda fabric: fabric.topology,
)
def test_a_fabric_is_all_there(fabric: Fabric) -> None:
    (nodes, switches, links), ids, rows = parse(ns3.write(fabric))
    assert (int(nodes), int(switches), int(links)) == (fabric.vertex_count, fabric.switch_count, len(rows))
    assert ids == list(range(fabric.endpoint_count, fabric.vertex_count))
    assert len({frozenset(row[:2]) for row in rows}) == len(rows)
    assert sum(rate for *_, rate in rows) == pytest.approx(fabric.cables.gbit_per_s.sum())


def test_parallel_cables_are_one_link_of_their_rate() -> None:
    _, _, rows = parse(ns3.write(fat_tree(32, 8, radix=64, gbit_per_s=400)))
    assert [rate for *_, rate in rows] == [400.0] * 256 + [3200.0] * 32


def test_simai_has_an_nvswitch_a_host() -> None:
    fabric = fat_tree(31, 8, radix=64, extra_links=4)
    head, ids, rows = parse(ns3.write_simai(fabric, accelerator="H100", scale_up_gbit_per_s=3600))
    assert head == [str(248 + 31 + 12), "8", "31", "12", str(248 + 248 + 32), "H100"]
    assert ids == list(range(248, 291))
    inside = [(a, b) for a, b, rate in rows if rate == 3600]
    assert inside == [(rank, 248 + rank // 8) for rank in range(248)]
    outside = [(a, b) for a, b, rate in rows if a < 248 and rate == 400]
    assert outside == [(rank, 279 + rank % 8) for rank in range(248)]  # rail r on leaf r; managers are left out


def test_simai_refuses_unequal_hosts_and_bad_numbers() -> None:
    fabric = fat_tree(2, radix=4)
    for arguments in ({"accelerator": "two words"}, {"scale_up_gbit_per_s": 0.0}, {"latency_ms": 0.0}, {"error_rate": 2.0}):
        with pytest.raises(ValueError, match="must be"):
            ns3.write_simai(fabric, **({"accelerator": "H100", "scale_up_gbit_per_s": 1.0} | arguments))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="latency_ms"):
        ns3.write(fabric, latency_ms=-1)
