"""Cold processes, as a user meets them: seconds and memory of `--help` and of planning 16,384 GPUs; ratios against Python."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
RUNS = 7
FACTORY = """\
name: sixteen-k
site: {country: US, grid_feed: 40 MW}
hall: {racks: 700}
compute: {nodes: {dgx-h100: 2048}}
storage: {systems: {ddn-ai400x2: 96}}
platform: {management_nodes: {management-2s-generic: 16}}
budget: {capex: 2 BUSD}
"""


def measure(arguments: list[str], folder: Path) -> tuple[float, float]:
    """Median wall seconds and peak resident MB of a command, each run in a new process."""
    seconds, peaks = [], []
    for _ in range(RUNS):
        start = time.perf_counter()
        process = subprocess.Popen([sys.executable, *arguments], cwd=folder, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds.append(time.perf_counter() - start)
        if os.waitstatus_to_exitcode(status) not in (0, 1):
            sys.exit(f"failed: {arguments}")
        peaks.append(usage.ru_maxrss / 1024)
    return statistics.median(seconds), statistics.median(peaks)


def main() -> None:
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from planner.cli import main; main()"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "sixteen-k.yaml").write_text(FACTORY, encoding="utf-8")
        rows = [
            ("python -c pass", measure(["-c", "pass"], folder), None),
            ("groundplan --help", measure(["-c", code, "--help"], folder), (0.25, None)),
            ("groundplan plan, 16,384 GPUs", measure(["-c", code, "plan", "sixteen-k.yaml"], folder), (1.5, 200)),
            ("groundplan plan --json", measure(["-c", code, "plan", "sixteen-k.yaml", "--json"], folder), (1.5, 200)),
        ]
    bare = rows[0][1][0]
    print(f"{'median of ' + str(RUNS) + ' cold processes':34} {'s':>7} {'x bare':>7} {'MB':>6}   wanted")
    for label, (seconds, peak), wanted in rows:
        limits = "" if wanted is None else f"< {wanted[0]} s" + (f", < {wanted[1]} MB" if wanted[1] else "")
        print(f"{label:34} {seconds:7.3f} {seconds / bare:7.1f} {peak:6.0f}   {limits}")


if __name__ == "__main__":
    main()
