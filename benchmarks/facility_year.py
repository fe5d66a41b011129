"""8,760 hours x 5,000 racks: a whole plan in a new process, the year in it, and beside both the loop one would write first.

The loop takes every rack of every hour in turn, adds up power and heat, and runs the same plant and chain for that hour. It is
measured on a slice of hours spread over the year, its results are held against the plan's, and its time is scaled to the year.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RACKS = 5000
HOURS = 8760
SLICE = range(0, HOURS, 438)  # 20 hours
WANTED = "< 2 s, < 500 MB"
STEPS = ("plan_climate", "plan_loads", "plan_cooling", "plan_chain", "plan_year", "plan_availability")
FACTORY = """\
name: five-thousand-racks
site: {country: US, station: phoenix-az}
compute: {nodes: {gb200-nvl72: 5000}}
cooling: {liquid: liquid-cooling-tower}
"""


def child() -> None:
    start = time.perf_counter()
    sys.path.insert(0, str(ROOT))
    from planner import engine, facility
    from planner.reader import read_factory

    captured: dict[str, Any] = {}
    seconds = dict.fromkeys(STEPS, 0.0)

    def timed(name: str, step: Any) -> Any:
        def run(*arguments: Any, **options: Any) -> Any:
            begin = time.perf_counter()
            made = step(*arguments, **options)
            seconds[name] += time.perf_counter() - begin
            if name == "plan_year":
                captured.update(seconds=time.perf_counter() - begin, arguments=arguments, hours=made[1])
            return made

        return run

    for name in STEPS:
        module = engine if hasattr(engine, name) else facility
        setattr(module, name, timed(name, getattr(module, name)))
    imported = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "factory.yaml"
        path.write_text(FACTORY, encoding="utf-8")
        plan = engine.make_plan(*read_factory(path))
    done = time.perf_counter()
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    racks = sum(group.racks for group in captured["arguments"][4].groups)
    pue, wue = plan.year.pue_annual_ratio, plan.year.wue_site_l_per_kwh
    print(f"{racks:,} racks x {HOURS:,} hours, PUE {pue:.3f}, WUE {wue:.2f} l/kWh")
    print(f"  import            {imported - start:8.2f} s")
    print(f"  whole plan        {done - imported:8.2f} s, peak {peak_mb:.0f} MB   wanted {WANTED}")
    for name in STEPS:
        print(f"    {name:16}{seconds[name]:8.3f} s")
    loop_s = _loop(captured["arguments"], captured["hours"]) * HOURS / len(SLICE)
    print(f"  one year          {captured['seconds']:8.3f} s")
    print(f"  by the loop       {loop_s:8.0f} s (scaled from {len(SLICE)} hours): {loop_s / captured['seconds']:,.0f} x")


def _loop(arguments: tuple[Any, ...], hours: Any) -> float:
    """Seconds that the loop over racks takes for the hours of the slice; stops where it disagrees with the plan."""
    from planner.models.plant import run_plant
    from planner.steps.year import hall_heat_kw

    _, _, _, climate, loads, cooling, chain, house_kw = arguments
    racks = [
        (group.power_kw["expected"] / group.racks, group.liquid_fraction) for group in loads.groups for _ in range(group.racks)
    ]
    weather = climate.weather
    start = time.perf_counter()
    for hour in SLICE:
        it = liquid = 0.0
        for power_kw, liquid_fraction in racks:
            it += power_kw
            liquid += power_kw * liquid_fraction
        on_ups = beside = 0.0
        for _ in range(2):
            air = it - liquid + float(hall_heat_kw(chain, it, on_ups, beside, house_kw))
            at = [float(column[hour]) for column in (weather.dry_bulb_c, weather.wet_bulb_c, weather.pressure_pa)]
            ran = run_plant(cooling.plant, [air], [liquid], *([each] for each in at), [int(weather.month[hour])])
            on_ups, beside = float((ran.terminal_kw + ran.pumps_kw)[0]), float((ran.chillers_kw + ran.rejection_kw)[0])
        losses = sum(float(each) for each in chain.losses_kw(it, on_ups, beside, house_kw).values())
        facility_kw = it + losses + on_ups + beside + house_kw
        if abs(facility_kw / hours.facility_kw[hour] - 1) > 1e-3:
            sys.exit(f"hour {hour}: the loop finds {facility_kw:,.1f} kW, the plan {hours.facility_kw[hour]:,.1f} kW")
    return time.perf_counter() - start


if __name__ == "__main__":
    if sys.argv[1:] == ["child"]:
        child()
    else:
        for _ in range(3):
            subprocess.run([sys.executable, __file__, "child"], check=False)
