"""Let SimGrid send flows over given links; run by an interpreter that has its module, JSON in and out (see test_simgrid.py)."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

EXACT = {
    "network/model": "CM02",
    "network/TCP-gamma": "0",
    "network/crosstraffic": "0",
    "network/bandwidth-factor": "1",
    "network/latency-factor": "1",
    "network/weight-S": "0",
    "surf/precision": "1e-12",
    "maxmin/precision": "1e-12",
}
"""Plain max-min sharing without any correction for protocols; latencies must be 0, else shares go by round-trip time."""


def main() -> None:
    from simgrid import Actor, Comm, Engine, LinkInRoute, NetZone

    # In: capacity [[channel, byte/s]], flows [[byte, [channel, ...]]]. Each flow has two hosts of its own, for its own route.
    given: dict[str, Any] = json.load(sys.stdin)
    engine = Engine(["judge", "--log=root.thresh:error", *(f"--cfg={name}:{value}" for name, value in EXACT.items())])
    zone = NetZone.create_full_zone("fabric")
    links = {channel: zone.create_link(f"c{channel}", rate).set_latency(0).seal() for channel, rate in given["capacity"]}
    ends = []
    for number, (_, channels) in enumerate(given["flows"]):
        source, destination = (zone.create_host(f"{end}{number}", 1e9).seal() for end in "ab")
        passed = [LinkInRoute(links[channel]) for channel in channels]
        zone.add_route(source.netpoint, destination.netpoint, None, None, passed, False)
        ends.append((source, destination))
    zone.seal()
    done = [0.0] * len(ends)

    def send(number: int, size: int) -> None:
        Comm.sendto(*ends[number], size)
        done[number] = Engine.clock

    for number, (size, _) in enumerate(given["flows"]):
        Actor.create(f"f{number}", ends[number][0], send, number, size)
    started = time.perf_counter()
    engine.run()
    json.dump({"done_s": done, "run_s": time.perf_counter() - started}, sys.stdout)


if __name__ == "__main__":
    main()
