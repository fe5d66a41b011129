"""Let SimGrid load a platform and say what is in it; run by an interpreter with its module (see test_simgrid_platform.py)."""

from __future__ import annotations

import json
import sys


def main() -> None:
    from simgrid import Actor, Engine, Host

    # In: a file and pairs of hosts. Out: names of hosts and links, and each pair's links with their bandwidth [byte/s].
    pairs = json.load(sys.stdin)
    engine = Engine(["platform", "--log=root.thresh:error", "--cfg=network/crosstraffic:0"])
    engine.load_platform(sys.argv[1])
    routes = []

    def look() -> None:
        for source, target in pairs:
            links, _ = Host.by_name(source).route_to(Host.by_name(target))
            routes.append([[link.name, link.bandwidth] for link in links])

    Actor.create("look", engine.all_hosts[0], look)
    engine.run()  # seals the zones, without which nothing has a route
    hosts, links = [host.name for host in engine.all_hosts], [link.name for link in engine.all_links]
    print(json.dumps({"hosts": hosts, "links": links, "routes": routes}))  # noqa: T201


main()
