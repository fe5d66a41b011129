"""The provider double's account: what exists, a journal of what was asked for, and faults to inject. Files in one folder.

account.json   what exists, and how often each resource was ever made
journal.jsonl  one line a call that changed, or failed to change, something
faults.json    written by tests: which calls go wrong, and how

No live account is behind it. It plays three habits that orders and recoveries are proved with: what others refer to cannot be
deleted, what must be unique cannot be made twice, and what is referred to must exist.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ACCOUNT = {"resources": {}, "made": {}, "serial": 0, "fault_calls": {}}


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def strings(value: object) -> Iterator[str]:
    """Yield every text in a value, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from strings(each)


class Account:
    """The account in a folder. Several processes may use it at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "account.json"

    @contextlib.contextmanager
    def open(self) -> Iterator[dict[str, Any]]:
        """Hold the account: what is changed in the dict is written when the block ends without an error."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            before = self.path.read_text(encoding="utf-8") if self.path.exists() else json.dumps(ACCOUNT)
            data = json.loads(before)
            yield data
            after = json.dumps(data, indent=1)
            if after != before:
                write(self.path, after)

    def read(self) -> dict[str, Any]:
        """Return the account as it is, without holding it."""
        return json.loads(self.path.read_text(encoding="utf-8")) if self.path.exists() else json.loads(json.dumps(ACCOUNT))

    def note(self, call: str, type_token: str, urn: str, id_: str, outcome: str, reason: str = "") -> None:
        """Add a line to the journal."""
        line = {"call": call, "type": type_token, "urn": urn, "id": id_, "outcome": outcome}
        with (self.folder / "journal.jsonl").open("a", encoding="utf-8") as journal:
            journal.write(json.dumps({**line, **({"reason": reason} if reason else {})}) + "\n")

    def journal(self) -> list[dict[str, Any]]:
        """Return the journal's lines in order."""
        path = self.folder / "journal.jsonl"
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []

    def fault(self, call: str, type_token: str, urn: str) -> Mapping[str, Any] | None:
        """Return the fault that strikes this call, if one does, and count the call."""
        path = self.folder / "faults.json"
        faults = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
        struck: Mapping[str, Any] | None = None
        if not faults:
            return None
        with self.open() as data:
            for fault in faults:
                if fault.get("call", "create") != call:
                    continue
                if "type" in fault and fault["type"] != type_token:
                    continue
                if "urn" in fault and not urn.endswith(fault["urn"]):
                    continue
                # Counted by the fault itself, so that a new one starts anew.
                key = json.dumps([fault, urn if fault.get("per") == "urn" else ""], sort_keys=True)
                count = data["fault_calls"][key] = data["fault_calls"].get(key, 0) + 1
                first = fault.get("nth", 1)
                if struck is None and first <= count < first + fault.get("times", 1_000_000):
                    struck = fault
        return struck


def fresh(data: dict[str, Any], urn: str) -> str:
    """Return 32 hexadecimal digits that no other resource has: the same for the n-th making of a URN on any run."""
    count = data["made"][urn] = data["made"].get(urn, 0) + 1
    return hashlib.sha256(f"{urn} {count}".encode()).hexdigest()[:32]
