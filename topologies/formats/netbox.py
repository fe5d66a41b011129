"""NetBox: cables, devices and device types for its importers."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from topologies.errors import require
from topologies.fabric import NONE, Fabric
from topologies.formats.ports import Connection, connections, host_of_switch, port_name
from topologies.formats.text import csv_text, yaml_document

__all__ = ["COLUMNS", "DeviceKind", "device_type", "devices", "interfaces", "read", "write"]

COLUMNS = (
    "side_a_device",
    "side_a_type",
    "side_a_name",
    "side_b_device",
    "side_b_type",
    "side_b_name",
    "type",
    "status",
    "label",
    "color",
    "length",
    "length_unit",
)
"""Header of the cable importer."""

# A spreadsheet takes a cell that starts so for a formula; the apostrophe makes it text.
_FORMULA = re.compile(r"[=+\-@\t\r']")
_INTERFACE = "dcim.interface"


class DeviceKind(NamedTuple):
    """What a device is in NetBox: names of records that exist there (or are imported before)."""

    manufacturer: str
    model: str
    role: str


def write(
    fabric: Fabric,
    *,
    status: str = "planned",
    types: str | Sequence[str] = "",
    lengths_m: Sequence[float] | None = None,
) -> str:
    """Write the cables for NetBox's cable importer.

    Parameters
    ----------
    fabric : Fabric
        What to write. Links that are no cables are left out.
    status : str
        ``planned``, ``connected`` or ``decommissioning``.
    types : str or sequence of str
        NetBox's cable type (``smf``, ``mmf-om4``, ``dac-passive``, ``aoc``, ...), of all or of each cable of the fabric.
    lengths_m : sequence of float, optional
        Length of each cable of the fabric [m].

    Returns
    -------
    str
        CSV, one row a cable. The label is `Fabric.label`. A link of a broken-out port is a cable of its own.

    Notes
    -----
    Switch interfaces are ``swp17`` (``swp9s0`` where ports are broken out), those of hosts as in the endpoint's name
    (``nic3``). A cell that starts with ``= + - @``, a tab, a carriage return or an apostrophe gets an apostrophe in front, so
    that no spreadsheet runs it; `devices` does the same, so names agree, and `read` takes it off again.

    References
    ----------
    NetBox documentation, "Cables" (bulk import). OWASP, "CSV Injection".

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> print(write(fat_tree(1, radix=4), types="smf", lengths_m=[12.5]).splitlines()[1])
    n0000,dcim.interface,nic0,switch,dcim.interface,swp1,smf,planned,n0000-nic0:1 <-> switch:1,,12.5,m
    """
    count = len(fabric.cables)
    require(isinstance(types, str) or len(types) == count, f"types must have one entry for each of the {count} cables")
    require(lengths_m is None or len(lengths_m) == count, f"lengths_m must have one entry for each of the {count} cables")
    rows: list[Sequence[object]] = [COLUMNS]
    for row in connections(fabric, "swp", "own"):
        length: tuple[object, str] = (
            ("", "") if lengths_m is None else (f"{lengths_m[row.cable]:.2f}".rstrip("0").rstrip("."), "m")
        )
        kind = types if isinstance(types, str) else types[row.cable]
        ends = [row.a, _INTERFACE, row.a_interface, row.b, _INTERFACE, row.b_interface]
        cells = [*ends, kind, status, fabric.label(row.cable), ""]
        rows.append([*(_cell(text) for text in cells), *length])
    return csv_text(rows)


def read(text: str) -> list[Connection]:
    r"""Read cables between interfaces from NetBox's import format.

    Parameters
    ----------
    text : str
        CSV with the header of the importer; columns may be in any order, more or missing but for devices and names.

    Returns
    -------
    list of Connection
        In the order of the file; ``cable`` is the row's number, from 0. Cables to anything but interfaces are skipped.

    Raises
    ------
    ValueError
        If a column is missing.

    References
    ----------
    NetBox documentation, "Cables" (bulk import).

    Examples
    --------
    >>> read("side_a_device,side_a_name,side_b_device,side_b_name\nleaf01,swp1,'=evil,swp2\n")
    [Connection(a='leaf01', a_interface='swp1', b='=evil', b_interface='swp2', cable=0)]
    """
    rows = csv.DictReader(io.StringIO(text, newline=""))
    wanted = ("side_a_device", "side_a_name", "side_b_device", "side_b_name")
    missing = [name for name in wanted if name not in (rows.fieldnames or ())]
    require(not missing, f"no column {', '.join(missing)}")
    found = []
    for number, row in enumerate(rows):
        if all(row.get(f"side_{side}_type", _INTERFACE) == _INTERFACE for side in "ab"):
            a, a_interface, b, b_interface = (_uncell(row[name] or "") for name in wanted)
            found.append(Connection(a, a_interface, b, b_interface, number))
    return found


def devices(
    fabric: Fabric,
    kinds: Mapping[str, DeviceKind],
    *,
    site: str,
    status: str = "planned",
    racks: Mapping[str, str] | None = None,
    hosts: Mapping[str, str] | None = None,
) -> str:
    """Write the devices for NetBox's device importer.

    Parameters
    ----------
    fabric : Fabric
        What to write.
    kinds : mapping of str to DeviceKind
        What switches of a tier are, by its name, and what hosts are, by ``host``.
    site : str
        Name of the site.
    status : str
        ``planned``, ``staged``, ``active``, ...
    racks : mapping of str to str, optional
        Name of the rack of a device; devices that are not there stay unracked.
    hosts : mapping of str to str, optional
        Key in `kinds` of every host that is another kind than ``host``, by the host's name.

    Returns
    -------
    str
        CSV, hosts first. Cells are made safe as in `write`.

    Raises
    ------
    ValueError
        If what a switch or host is, is not in `kinds`.

    References
    ----------
    NetBox documentation, "Devices" (bulk import).

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> kinds = {"host": DeviceKind("Acme", "Node 8", "compute"), "leaf": DeviceKind("Acme", "S64", "leaf")}
    >>> print(devices(fat_tree(1, radix=4), kinds, site="Hall 1"), end="")
    name,role,manufacturer,device_type,site,rack,status
    n0000,compute,Acme,Node 8,Hall 1,,planned
    switch,leaf,Acme,S64,Hall 1,,planned
    """
    boxes = fabric.switches
    columns = (boxes.names, boxes.tier.tolist(), host_of_switch(fabric).tolist())
    switches = [(name, fabric.tiers[tier - 1]) for name, tier, host in zip(*columns, strict=True) if host == NONE]
    names = [(name, (hosts or {}).get(name, "host")) for name in fabric.endpoints.host_names] + switches
    missing = sorted({kind for _, kind in names} - kinds.keys())
    require(not missing, f"kinds does not say what {', '.join(missing)} is")
    rows: list[Sequence[object]] = [("name", "role", "manufacturer", "device_type", "site", "rack", "status")]
    for name, tier in names:
        kind = kinds[tier]
        cells = (name, kind.role, kind.manufacturer, kind.model, site, (racks or {}).get(name, ""), status)
        rows.append([_cell(each) for each in cells])
    return csv_text(rows)


def interfaces(fabric: Fabric) -> dict[str, tuple[str, ...]]:
    """List the interfaces of every device, as `write` names them.

    Parameters
    ----------
    fabric : Fabric
        What to list.

    Returns
    -------
    dict of str to tuple of str
        Every port of a switch, used or not, and the cabled ones of a host; by device. NICs and chips are in their host.

    References
    ----------
    NetBox documentation, "Interfaces".

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> interfaces(fat_tree(1, 2, radix=4, links_per_port=2))
    {'n0000': ('nic0', 'nic1'), 'switch': ('swp1s0', 'swp1s1', 'swp2s0', 'swp2s1')}
    """
    found: dict[str, list[str]] = {name: [] for name in fabric.endpoints.host_names}
    for row in connections(fabric, "swp", "own"):
        for device, name in ((row.a, row.a_interface), (row.b, row.b_interface)):
            if device in found:
                found[device].append(name)
    made = {name: tuple(sorted(each, key=_natural)) for name, each in found.items()}
    boxes = fabric.switches
    columns = (boxes.names, boxes.ports.tolist(), host_of_switch(fabric).tolist())
    return made | {
        name: tuple(port_name("swp", port, fabric.links_per_port) for port in range(1, count + 1))
        for name, count, host in zip(*columns, strict=True)
        if host == NONE
    }


def device_type(
    manufacturer: str,
    model: str,
    *,
    interfaces: Sequence[str],
    interface_type: str,
    u_height: float = 1,
    is_full_depth: bool = True,
    part_number: str = "",
    weight_kg: float | None = None,
    management_type: str | None = "1000base-t",
) -> str:
    """Write a device type in the form of NetBox's device-type library.

    Parameters
    ----------
    manufacturer, model, part_number : str
        What it is.
    interfaces : sequence of str
        Names of its interfaces, see `interfaces`.
    interface_type : str
        NetBox's type of all of them (``800gbase-x-osfp``, ``infiniband-ndr``, ...).
    u_height : float
        Rack units, in steps of a half.
    is_full_depth : bool
        Whether it takes both faces of the rack.
    weight_kg : float, optional
        Weight [kg].
    management_type : str, optional
        Type of the management interface ``eth0``; None: there is none.

    Returns
    -------
    str
        YAML.

    References
    ----------
    netbox-community/devicetype-library, README and schema/devicetype.json.

    Examples
    --------
    >>> print(device_type("Acme", "Node 8", interfaces=["nic0"], interface_type="infiniband-ndr", u_height=8), end="")
    manufacturer: Acme
    model: "Node 8"
    slug: acme-node-8
    u_height: 8
    is_full_depth: true
    interfaces:
      - name: eth0
        type: "1000base-t"
        mgmt_only: true
      - name: nic0
        type: infiniband-ndr
    """
    require(u_height >= 0 and u_height * 2 == int(u_height * 2), "u_height must be 0 or more, in steps of a half")
    management = [] if management_type is None else [{"name": "eth0", "type": management_type, "mgmt_only": True}]
    return yaml_document(
        {
            "manufacturer": manufacturer,
            "model": model,
            "slug": re.sub(r"[^a-z0-9_]+", "-", f"{manufacturer}-{model}".lower()).strip("-"),
            **({"part_number": part_number} if part_number else {}),
            "u_height": int(u_height) if u_height == int(u_height) else u_height,
            "is_full_depth": is_full_depth,
            **({} if weight_kg is None else {"weight": weight_kg, "weight_unit": "kg"}),
            "interfaces": [*management, *({"name": name, "type": interface_type} for name in interfaces)],
        }
    )


def _cell(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) else text


def _uncell(text: str) -> str:
    return text[1:] if text[:1] == "'" and _FORMULA.match(text, 1) else text


def _natural(name: str) -> list[tuple[int, int, str]]:
    """Sort key by which nic10 comes after nic9."""
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.split(r"([0-9]+)", name)]
