"""Small power chains of every scheme of redundancy, made by hand."""

from __future__ import annotations

from collections.abc import Sequence

from planner.plan_facility import ChainLoad, ChainUnit, CoolingPlan, CoolingUnits

Chain = tuple[tuple[ChainUnit, ...], tuple[ChainLoad, ...]]

ITEMS = {
    "utility": "utility-feed",
    "transformer": "transformer-doe-2016-1000kva",
    "switchgear": "switchboard-4000a",
    "generator": "generator-diesel-2500kw",
    "ups": "ups-double-conversion",
    "distribution": "busway-415v",
}


def unit(
    name: str,
    stage: str,
    load_kw: float,
    limit_kw: float,
    fed_by: Sequence[str] = (),
    needs_count: int = 1,
    backed_by: Sequence[str] = (),
) -> ChainUnit:
    return ChainUnit(
        name=name,
        stage=stage,
        item=ITEMS[stage],
        rating_kw=limit_kw,
        limit_kw=limit_kw,
        fed_by=tuple(fed_by),
        backed_by=tuple(backed_by),
        needs_count=needs_count,
        load_kw=load_kw,
        loss_kw=0.0,
        load_worst_kw=load_kw,
        worst_when="",
    )


def racks(name: str, power_kw: float, fed_by: Sequence[str], backed_by: Sequence[str] = (), needs_count: int = 1) -> ChainLoad:
    return ChainLoad(
        name=name,
        kind="racks",
        racks=4,
        gpus=32,
        rows=(name,),
        power_kw=power_kw,
        fed_by=tuple(fed_by),
        backed_by=tuple(backed_by),
        needs_count=needs_count,
    )


def plant(name: str, kind: str, power_kw: float, fed_by: Sequence[str], needs_count: int = 1) -> ChainLoad:
    return ChainLoad.model_validate(
        {
            "name": name,
            "kind": kind,
            "racks": 0,
            "gpus": 0,
            "rows": (),
            "power_kw": power_kw,
            "fed_by": tuple(fed_by),
            "backed_by": (),
            "needs_count": needs_count,
        }
    )


def cooling(*units: CoolingUnits) -> CoolingPlan:
    return CoolingPlan(
        design_dry_bulb_c=35.0,
        design_wet_bulb_c=24.0,
        w_class=None,
        facility_supply_max_c=None,
        facility_supply_c=None,
        loops=(),
        units=units,
        trips=(),
        capacity_kw=1000.0,
        heat_kw=800.0,
    )


def cooling_units(
    name: str, role: str, count: int, needed_count: int, groups_count: int = 1, *, on_ups: bool = False
) -> CoolingUnits:
    return CoolingUnits(
        name=name,
        loop="air",
        item=f"{role}-item",
        role=role,
        groups_count=groups_count,
        count=count,
        needed_count=needed_count,
        capacity_kw=100.0,
        load_kw=100.0 * needed_count / count,
        power_kw=5.0,
        on_ups=on_ups,
    )


def scheme_n() -> Chain:
    """One of everything, and one generator."""
    return (
        unit("utility", "utility", 400, 1000),
        unit("generator", "generator", 0, 500),
        unit("board", "switchgear", 400, 500, ["utility"], backed_by=["generator"]),
        unit("ups", "ups", 400, 500, ["board"]),
        unit("busway", "distribution", 400, 500, ["ups"]),
    ), (racks("row-a", 400, ["busway"]),)


def scheme_n_plus_1(modules: int = 4) -> Chain:
    """Of four modules three are needed, of three generators two; board and busways are single."""
    ups = [f"ups-{number}" for number in range(modules)]
    generators = ["generator-0", "generator-1", "generator-2"]
    load = 300.0
    return (
        unit("utility", "utility", load, 1000),
        *(unit(name, "generator", 0, 150) for name in generators),
        unit("board", "switchgear", load, 400, ["utility"], backed_by=generators),
        *(unit(name, "ups", load / modules, 100, ["board"]) for name in ups),
        unit("bus-a", "distribution", 150, 200, ups, modules - 1),
        unit("bus-b", "distribution", 150, 200, ups, modules - 1),
    ), (racks("row-a", 150, ["bus-a"]), racks("row-b", 150, ["bus-b"]))


def scheme_2n() -> Chain:
    """Two sides behind one utility, each with a generator of its own; every row has a busway on either side."""
    chain = [unit("utility", "utility", 400, 1000)]
    for side in "ab":
        chain += [
            unit(f"generator-{side}", "generator", 0, 500),
            unit(f"board-{side}", "switchgear", 200, 500, ["utility"], backed_by=[f"generator-{side}"]),
            unit(f"ups-{side}", "ups", 200, 500, [f"board-{side}"]),
            unit(f"busway-1{side}", "distribution", 100, 250, [f"ups-{side}"]),
            unit(f"busway-2{side}", "distribution", 100, 250, [f"ups-{side}"]),
        ]
    loads = (racks("row-a", 200, ["busway-1a", "busway-1b"]), racks("row-b", 200, ["busway-2a", "busway-2b"]))
    return tuple(chain), loads


def scheme_distributed(systems: int = 3) -> Chain:
    """Every load is fed by a pair of systems: 3N/2, 4N/3."""
    pairs = [(i, j) for i in range(systems) for j in range(i + 1, systems)]
    each = 100.0
    normal = each * (systems - 1) / 2
    chain = [unit("utility", "utility", each * len(pairs), 2000)]
    for number in range(systems):
        chain += [
            unit(f"board-{number}", "switchgear", normal, each * len(pairs) / (systems - 1), ["utility"]),
            unit(f"ups-{number}", "ups", normal, each * len(pairs) / (systems - 1), [f"board-{number}"]),
        ]
    return tuple(chain), tuple(racks(f"row-{i}{j}", each, [f"ups-{i}", f"ups-{j}"]) for i, j in pairs)


def scheme_block(primaries: int = 3) -> Chain:
    """Every load has a UPS of its own, and one catcher for all, which carries one of them at a time."""
    chain = [unit("utility", "utility", 100.0 * primaries, 1000)]
    chain += [unit(f"ups-{number}", "ups", 100, 100, ["utility"]) for number in range(primaries)]
    chain += [unit("catcher", "ups", 0, 100, ["utility"])]
    return tuple(chain), tuple(racks(f"row-{number}", 100, [f"ups-{number}"], ["catcher"]) for number in range(primaries))


SCHEMES = {
    "N": scheme_n,
    "N+1": scheme_n_plus_1,
    "2N": scheme_2n,
    "3N/2": scheme_distributed,
    "4N/3": lambda: scheme_distributed(4),
    "block": scheme_block,
}


def hall(blocks: int = 12, rows: int = 20) -> Chain:
    """A large hall of 2N blocks that share utility and generators; rows of either block have a busway on both sides."""
    boards = [f"board-{block}{side}" for block in range(blocks) for side in "ab"]
    generators = [f"generator-{number}" for number in range(blocks + 1)]
    chain = [unit("utility", "utility", 2000.0 * blocks, 4000.0 * blocks)]
    chain += [unit(name, "generator", 0, 2500) for name in generators]
    loads: list[ChainLoad] = []
    for board in boards:
        modules = [f"ups-{board}-{number}" for number in range(5)]
        chain += [
            unit(f"transformer-{board}", "transformer", 1000, 2500, ["utility"], backed_by=generators),
            unit(board, "switchgear", 1000, 2500, [f"transformer-{board}"]),
            *(unit(name, "ups", 160, 500, [board]) for name in modules),
        ]
    for block in range(blocks):
        for row in range(rows):
            ways = []
            for side in "ab":
                ways.append(f"busway-{block}-{row}{side}")
                modules = [f"ups-board-{block}{side}-{number}" for number in range(5)]
                chain.append(unit(ways[-1], "distribution", 40, 100, modules, 4))
            loads.append(racks(f"row-{block}-{row}", 80, ways))
        pair = [f"board-{block}a", f"board-{block}b"]
        loads += [plant(f"pumps-{block}", "pumps", 80, pair), plant(f"cooling-{block}", "cooling", 320, pair)]
    return tuple(chain), tuple(loads)
