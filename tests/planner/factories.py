"""Factories for tests: one from a text, and any valid one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from planner.catalog import Catalog, load_catalog
from planner.engine import make_plan
from planner.plan import Plan
from planner.reader import read_factory
from planner.spec import Factory

CATALOG: Catalog = load_catalog()


def plan_of(data: dict[str, Any]) -> Plan:
    return make_plan(Factory.model_validate(data, context={"ids": CATALOG.ids()}), CATALOG)


def simple(node: str = "dgx-h100", count: int = 127, **sections: Any) -> dict[str, Any]:
    return {"name": "x", "site": {"country": "US"}, "compute": {"nodes": {node: count}}, **sections}


def plan_file(folder: Path, text: str) -> Plan:
    path = folder / "factory.yaml"
    path.write_text(text, encoding="utf-8")
    return make_plan(*read_factory(path))


def _ids(kind: str, **wanted: str) -> st.SearchStrategy[str]:
    rows = CATALOG.rows[kind].values()
    return st.sampled_from([row.id for row in rows if all(getattr(row, name) == value for name, value in wanted.items())])


def _some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


def _servers(role: str) -> st.SearchStrategy[dict[str, int]]:
    return st.dictionaries(_ids("servers", role=role), st.integers(1, 300), min_size=1, max_size=2)


_SHARED = {"switch": _ids("switches"), "oversubscription_ratio": st.floats(1, 100)}

any_factory = st.fixed_dictionaries(
    {
        "name": st.just("any"),
        "site": _some(
            grid_feed_kw=st.floats(1, 1e6),
            elevation_m=st.floats(0, 3000),
            station=_ids("stations"),
            design_day=st.fixed_dictionaries({"dry_bulb_c": st.floats(20, 48), "wet_bulb_c": st.floats(0, 20)}),
            ramp_max_kw_per_s=st.floats(1, 1e6),
            tariff=_some(peak_usd_per_kwh=st.floats(0, 1), demand_usd_per_kw_month=st.floats(0, 30)),
        ).map(lambda site: {"country": "NO", **site}),
        "compute": st.fixed_dictionaries(
            {"nodes": st.dictionaries(_ids("nodes"), st.integers(1, 1_500) | st.integers(1, 100), min_size=1, max_size=2)}
        ),
    },
    optional={
        "hall": _some(
            racks=st.integers(1, 5000),
            rows=st.integers(1, 200),
            row_power_kw=st.floats(1, 5000),
            house_load_kw=st.floats(0, 1000),
            tray_cables_max_count=st.integers(1, 5000),
            rack=_ids("racks"),
            rack_power_kw=st.floats(1, 200),
            rack_floor_load_kg=st.floats(100, 3000),
            pdu=_ids("pdus"),
            pdu_redundancy=st.sampled_from(["N", "N+1", "2N"]),
            infrastructure_rack_power_kw=st.floats(1, 60),
            racks_per_row=st.integers(1, 100),
            rack_pitch_m=st.floats(0.3, 2),
            row_pitch_m=st.floats(1, 20),
            tray_height_m=st.floats(0, 5),
            cable_slack_m=st.floats(0, 10),
            construction=_ids("construction"),
        ),
        "fabrics": _some(
            compute=_some(
                **_SHARED,
                tiers=st.integers(1, 3),
                planes=st.integers(1, 8),
                topology=st.sampled_from(["fat-tree", "rail-only"]),
                rail_optimised=st.booleans(),
                dual_tor=st.booleans(),
                spine_oversubscription_ratio=st.sampled_from([0.5, 1.0, 2.0, 7.0]),
                nodes_per_unit=st.integers(1, 512),
                link_gbit_per_s=st.sampled_from([100.0, 200.0, 400.0, 800.0]),
                fabric_managers=_servers("fabric-manager"),
            ).map(lambda fabric: {**fabric, "tiers": 2} if fabric.get("dual_tor") and fabric.get("tiers") == 1 else fabric),
            storage=_some(**_SHARED, fabric_managers=_servers("fabric-manager")),
            in_band=_some(**_SHARED),
            out_of_band=_some(switch=_ids("switches")),
        ),
        "storage": _some(systems=_servers("storage")),
        "power": _some(
            transformer=_ids("power_stages", stage="transformer"),
            ups=_ids("power_stages", stage="ups"),
            distribution=_ids("power_stages", stage="distribution"),
            switchgear=_ids("power_stages", stage="switchgear"),
            generator=_ids("power_stages", stage="generator"),
            bess=_ids("power_stages", stage="bess"),
            redundancy=st.sampled_from(["N", "N+1", "2N", "3N/2", "4N/3", "block"]),
            generator_redundancy=st.sampled_from(["N", "N+1", "N+2", "2N"]),
            utility_feeds_count=st.integers(1, 4),
            diversity_fraction=st.floats(0.1, 1),
        ),
        "cooling": _some(
            air=_ids("cooling_plants", medium="air"),
            liquid=_ids("cooling_plants", medium="liquid"),
            redundancy=st.sampled_from(["N", "N+1", "N+2", "2N"]),
            air_supply_c=st.floats(16, 30),
            liquid_supply_c=st.floats(20, 45),
            dry=st.booleans(),
        ),
        "workloads": _some(
            duty_fraction=st.floats(0, 1), gpu_cap_w=st.floats(100, 1500), communication_fraction=st.floats(0, 1)
        ),
        "platform": _some(management_nodes=_servers("management")),
        "sovereignty": _some(excluded_vendors=st.lists(st.sampled_from(["NVIDIA", "Dell", "HPE"]), max_size=2)),
        "budget": _some(capex_usd=st.floats(1, 1e11)),
    },
)


def _small(data: dict[str, Any]) -> dict[str, Any]:
    nodes = {row_id: (count - 1) % 300 + 1 for row_id, count in data["compute"]["nodes"].items()}
    return {**data, "compute": {"nodes": nodes}, "budget": {}}


any_small_factory = any_factory.map(_small)
"""Without a budget and of a few hundred nodes: quick to plan."""
