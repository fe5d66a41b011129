"""Let InfraGraph expand an infrastructure or one of its blueprints; run by its interpreter (see test_infragraph.py)."""

from __future__ import annotations

import json
import sys
from typing import Any


def main() -> None:
    from infragraph.blueprints.devices.generic.generic_switch import Switch
    from infragraph.blueprints.devices.generic.server import Server
    from infragraph.blueprints.fabrics.dragonfly_fabric import DragonflyFabric
    from infragraph.infragraph_service import InfraGraphService

    # In: a document, or {"dragonfly": [ports of a router, a, p, h]}. Out: what the service's graph has.
    text = sys.stdin.read()
    payload: Any = text
    if sys.argv[1:] == ["dragonfly"]:
        ports, a, p, h = json.loads(text)
        payload = DragonflyFabric(Switch(port_count=ports), Server(), a, p, h)
    service = InfraGraphService()
    service.set_graph(payload)
    graph = service.get_networkx_graph()
    types = {name: values["type"] for name, values in graph.nodes(data=True)}
    print(json.dumps({"types": types, "edges": list(graph.edges(data=True))}))  # noqa: T201


main()
