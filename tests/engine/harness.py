"""A stack as its user drives it: the real Pulumi CLI on a copy of a project, with doubles for the language host and AWS.

What is proved so: the program, the engine, and the rules that the double applies. No live account is used.
"""

from __future__ import annotations

import copy
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from account import Account, write

# Read by the program, not changed by a test: linked. What a test may change is copied.
LINKED = ("planner", "topologies", "factories")
COPIED = ("stacks", "plans")
TIMEOUT_S = 180
GRACE_S = 20

# What was started and may still run when a test fails in the middle.
STARTED: list[subprocess.Popen[str]] = []


def end_all() -> None:
    """End what is still running of what was started here; the doubles end with it."""
    for process in STARTED:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    STARTED.clear()


@dataclass(frozen=True)
class Run:
    """What a command did: its exit code, what the user saw, and the engine's own account of it."""

    code: int
    text: str
    events: Sequence[Mapping[str, Any]]
    seconds: float

    @property
    def counts(self) -> dict[str, int]:
        """How many resources were created, updated, replaced, deleted, left the same; components and the stack included."""
        summaries = [each["summaryEvent"] for each in self.events if "summaryEvent" in each]
        return {name: count for name, count in (summaries[-1]["resourceChanges"] or {}).items() if count} if summaries else {}

    @property
    def steps(self) -> list[tuple[str, str]]:
        """The engine's steps in the order in which they began: operation and URN; the same ones left out."""
        begun = (each["resourcePreEvent"]["metadata"] for each in self.events if "resourcePreEvent" in each)
        return [(each["op"], each["urn"]) for each in begun if each["op"] != "same"]

    @property
    def done(self) -> list[tuple[str, str]]:
        """The steps that ended well, in the order in which they ended."""
        ended = (each["resOutputsEvent"]["metadata"] for each in self.events if "resOutputsEvent" in each)
        return [(each["op"], each["urn"]) for each in ended if each["op"] != "same"]

    def changed(self) -> dict[str, list[str]]:
        """Return the names of the resources by operation."""
        found: dict[str, list[str]] = {}
        for operation, urn in self.steps:
            found.setdefault(operation, []).append(urn.rpartition("::")[2])
        return found


def ours_only(environment: Mapping[str, str]) -> dict[str, str]:
    """Leave out what would let a test reach an account, or a user's own Pulumi."""
    return {
        name: value for name, value in environment.items() if not name.startswith(("AWS_", "PULUMI_", "GROUNDPLAN_", "PYTHON"))
    }


class Stack:
    """A stack of its own: project folder, state, account, Pulumi's home.

    Parameters
    ----------
    folder : Path
        Where it lives; removed by whoever made it.
    name : str
        The stack's name.
    binaries : sequence of Path
        Folders put first on PATH: the doubles, the CLI.
    source : Path
        The project to copy; only what a program needs.
    """

    def __init__(self, folder: Path, name: str, binaries: Sequence[Path], source: Path) -> None:
        self.name = name
        self.path = os.pathsep.join([*map(str, binaries), str(Path(sys.prefix) / "bin"), os.environ.get("PATH", "")])
        self._live_in(folder)
        for each in (self.project, self.state_folder, self.home, self.double):
            each.mkdir(parents=True)
        copy_project(source, self.project)
        ok(self.pulumi("stack", "init", name))

    def _live_in(self, folder: Path) -> None:
        self.folder = folder
        self.project, self.state_folder = folder / "project", folder / "state"
        self.home, self.double = folder / "home", folder / "account"
        self.account = Account(self.double)
        self._events, self._output, self._runs = folder / "events.jsonl", folder / "output.txt", folder / "commands.log"
        self.environment = {
            **ours_only(os.environ),
            "PATH": self.path,
            "HOME": str(self.home),
            "PULUMI_HOME": str(self.home),
            "PULUMI_BACKEND_URL": f"file://{self.state_folder}",
            "PULUMI_CONFIG_PASSPHRASE": "",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_DEBUG_COMMANDS": "true",  # allows --event-log
            "GROUNDPLAN_DOUBLE": str(self.double),
            # The copy's modules, not those of the editable installation.
            "PYTHONPATH": str(self.project),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def branch(self, folder: Path) -> Stack:
        """Return a copy that goes its own way from here: project, state and account. Cheaper than another update."""
        shutil.copytree(self.folder, folder, symlinks=True)
        other = copy.copy(self)
        other._live_in(folder)
        return other

    # Commands

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command and leave it running, in a process group of its own; its output goes to `output`."""
        self._events.unlink(missing_ok=True)
        with self._output.open("w", encoding="utf-8") as output:
            process = subprocess.Popen(
                ["pulumi", "--non-interactive", "--color", "never", *arguments],
                cwd=self.project,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        STARTED.append(process)
        return process

    def finish(self, process: subprocess.Popen[str], timeout_s: float = TIMEOUT_S, began: float | None = None) -> Run:
        """Wait for a started command. What takes too long is ended, first politely, and fails the test."""
        began = time.monotonic() if began is None else began
        try:
            code = process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(GRACE_S)
            except subprocess.TimeoutExpired:
                self.kill(process)
            raise AssertionError(f"took more than {timeout_s} s:\n{self.output()}") from None
        # Killed in the middle of a line, the last event is half an event.
        lines = self._events.read_text(encoding="utf-8").splitlines() if self._events.exists() else []
        return Run(code, self.output(), [event for line in lines if (event := _event(line))], time.monotonic() - began)

    def output(self) -> str:
        """Return what the last command has shown so far."""
        return self._output.read_text(encoding="utf-8")

    def pulumi(self, *arguments: str, timeout_s: float = TIMEOUT_S) -> Run:
        """Run any command to its end."""
        began = time.monotonic()
        run = self.finish(self.start(*arguments), timeout_s, began)
        with self._runs.open("a", encoding="utf-8") as log:
            log.write(f"{run.seconds:6.1f} s  exit {run.code}  pulumi {' '.join(arguments)}\n")
        return run

    def engine_arguments(self, command: str, *more: str) -> list[str]:
        """Return the arguments of a command that runs the engine, without questions and with its events kept."""
        sure = () if command == "preview" else ("--yes", "--skip-preview")
        return [command, "--stack", self.name, *sure, "--event-log", str(self._events), *more]

    def preview(self, *more: str, timeout_s: float = TIMEOUT_S) -> Run:
        return self.pulumi(*self.engine_arguments("preview", *more), timeout_s=timeout_s)

    def up(self, *more: str, timeout_s: float = TIMEOUT_S) -> Run:
        """Update without a preview first; `preview` is a command of its own."""
        return self.pulumi(*self.engine_arguments("up", *more), timeout_s=timeout_s)

    def refresh(self, *more: str, timeout_s: float = TIMEOUT_S) -> Run:
        return self.pulumi(*self.engine_arguments("refresh", *more), timeout_s=timeout_s)

    def destroy(self, *more: str, timeout_s: float = TIMEOUT_S) -> Run:
        return self.pulumi(*self.engine_arguments("destroy", *more), timeout_s=timeout_s)

    def cancel(self) -> Run:
        """Release the lock that a killed engine left; with a local state, also a side file that it had only begun to write."""
        for side_file in self.state_folder.rglob("*.attrs"):
            if not side_file.stat().st_size:  # "failed to load checkpoint: EOF"; the state itself is whole
                side_file.unlink()
        return self.pulumi("cancel", "--yes", "--stack", self.name)

    def unprotect(self) -> Run:
        return self.pulumi("state", "unprotect", "--all", "--yes", "--stack", self.name)

    def config(self, key: str, value: str, *more: str) -> None:
        """Set a value of the stack's configuration; `--path`, `--secret` as the user would."""
        ok(self.pulumi("config", "set", "--stack", self.name, *more, "--", key, value))

    def state(self) -> dict[str, Any]:
        """Return the state: what `pulumi stack export` gives."""
        return json.loads(ok(self.pulumi("stack", "export", "--stack", self.name)).text)["deployment"]

    def outputs(self) -> dict[str, Any]:
        """Return the stack's outputs, secrets hidden."""
        return json.loads(ok(self.pulumi("stack", "output", "--json", "--stack", self.name)).text)

    def pending(self) -> list[dict[str, Any]]:
        """Return the resources whose making the engine began and does not know the end of."""
        return [each["resource"] for each in self.state().get("pending_operations", [])]

    def settle(self) -> list[str]:
        """Do after a kill what a person must do before the next update, and return the names that were imported.

        Release the lock; forget what the engine does not know the end of; look into the account for it: import it, or delete
        it there where the state has the one that it was to replace. (`pulumi refresh --import-pending-creates` is not the way
        in 3.259: it forgets the resources that it should import.)
        """
        ok(self.cancel())
        open_ends = self.pending()
        ok(self.refresh("--clear-pending-creates"))
        known = {each["urn"]: each.get("id") for each in self.state().get("resources", [])}
        imported = []
        for resource in open_ends:
            urn = resource["urn"]
            for found in [each for each in self.resources() if each["urn"] == urn and each["id"] not in known.values()]:
                if urn in known:
                    with self.account.open() as data:
                        data["resources"] = {key: each for key, each in data["resources"].items() if each["id"] != found["id"]}
                    continue
                flags = ("--stack", self.name, "--yes", "--skip-preview", "--generate-code=false", "--protect=false")
                parent = ("--parent", f"parent={resource['parent']}") if "parent" in resource else ()
                name = urn.rpartition("::")[2]
                ok(self.pulumi("import", *flags, *parent, resource["type"], name, found["id"]))
                imported.append(name)
        return imported

    # Interruptions

    def wait_until(self, condition: Callable[[], bool], process: subprocess.Popen[str], timeout_s: float = 60) -> None:
        """Wait for something to be so while a command runs."""
        until = time.monotonic() + timeout_s
        while not condition():
            assert process.poll() is None, f"ended before it was interrupted:\n{self.output()}"
            if time.monotonic() > until:
                self.kill(process)
                raise AssertionError(f"did not come about in {timeout_s} s:\n{self.output()}")
            time.sleep(0.05)

    def up_until_slow(self, *more: str) -> subprocess.Popen[str]:
        """Start an update, and return when a call is caught in a slow fault."""
        before = self.called("slow")
        process = self.start(*self.engine_arguments("up", *more))
        self.wait_until(lambda: self.called("slow") > before, process)
        return process

    def interrupt(self, process: subprocess.Popen[str]) -> Run:
        """Press Ctrl-C once: the engine finishes what it has begun, and begins nothing more."""
        os.killpg(process.pid, signal.SIGINT)
        return self.finish(process)

    def kill(self, process: subprocess.Popen[str]) -> Run:
        """Kill the engine outright, as a lost machine would; the doubles end by themselves when it is gone."""
        os.killpg(process.pid, signal.SIGKILL)
        return self.finish(process, GRACE_S)

    # The account behind the double

    def faults(self, *faults: Mapping[str, Any]) -> None:
        """Set what goes wrong from now on; without arguments, nothing does.

        Each fault: `effect` fail | slow | half; `call` create (default) | update | delete | read; optionally `type` (a token),
        `urn` (its end, such as "::gpu"), `nth` (the first call that it strikes, 1), `times` (how many; all), `per` "urn" (count
        each resource by itself), `message`, and for slow `seconds` and `when` before | after it has happened at AWS.
        """
        write(self.double / "faults.json", json.dumps(faults))

    def resources(self, type_token: str | None = None) -> list[dict[str, Any]]:
        """Return what exists in the account, in the order of making: type, id, urn, order, inputs, outputs."""
        entries = self.account.read()["resources"].values()
        return sorted((each for each in entries if type_token in (None, each["type"])), key=lambda each: each["order"])

    def named(self, name: str) -> dict[str, Any]:
        """Return the newest resource of a logical name."""
        return [each for each in self.resources() if each["urn"].endswith(f"::{name}")][-1]

    def calls(self, *outcomes: str) -> list[tuple[str, str]]:
        """Return the journal as call and logical name, of these outcomes (ok, failed, half, slow), by default ok."""
        wanted = outcomes or ("ok",)
        return [(each["call"], each["urn"].rpartition("::")[2]) for each in self.account.journal() if each["outcome"] in wanted]

    def called(self, outcome: str) -> int:
        return Counter(each["outcome"] for each in self.account.journal())[outcome]

    def forget_calls(self) -> None:
        (self.double / "journal.jsonl").unlink(missing_ok=True)

    def drift(self, name: str, **values: Any) -> None:
        """Change a resource behind the engine's back, as a person at the console would."""
        with self.account.open() as data:
            entry = _of(data, name)
            entry["inputs"].update(values)
            entry["outputs"].update(values)

    def vanish(self, name: str) -> None:
        """Delete a resource behind the engine's back."""
        with self.account.open() as data:
            entry = _of(data, name)
            data["resources"] = {key: each for key, each in data["resources"].items() if each is not entry}


def ok(run: Run) -> Run:
    """Return the run of a command that must not fail."""
    assert run.code == 0, run.text
    return run


def _of(data: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = [each for each in data["resources"].values() if each["urn"].endswith(f"::{name}")]
    assert found, f"the account has no {name}"
    return max(found, key=lambda each: each["order"])


def _event(line: str) -> dict[str, Any] | None:
    try:
        return json.loads(line)
    except ValueError:
        return None


def copy_project(source: Path, into: Path) -> None:
    """Copy a project as far as its program needs it: what a test may change is copied, what it only reads is linked."""
    for each in (*source.glob("Pulumi*.yaml"), *source.glob("*.py")):
        shutil.copy(each, into / each.name)
    for name in COPIED:
        if (source / name).is_dir():
            shutil.copytree(source / name, into / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in LINKED:
        if (source / name).is_dir():
            (into / name).symlink_to(source / name)
    for pack in source.glob("*policy*/"):
        shutil.copytree(pack, into / pack.name, ignore=shutil.ignore_patterns("__pycache__"))
    # Where Pulumi.yaml looks for it: this very environment.
    (into / ".venv").symlink_to(sys.prefix)
