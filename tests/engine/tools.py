"""Build the Pulumi CLI, and lay out what it starts: our language host and the provider doubles.

The CLI is built from its Go modules, at the version of constraints.txt, into .venv/engine (GROUNDPLAN_ENGINE names another
folder). Run this file to build; it takes some minutes once, and nothing when what it is built from has not changed.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

ENGINE = Path(__file__).resolve().parent
ROOT = ENGINE.parents[1]
MODULE = ENGINE / "pulumi"
PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
SDK = "github.com/pulumi/pulumi/sdk/v3"
RUNNER = "pulumi-language-python-exec"
BUILD_TIMEOUT_S = 40 * 60

# What the CLI looks for on PATH, and the double that plays it.
DOUBLES = {"pulumi-language-python": "language_host.py", "pulumi-resource-aws": "aws_provider.py"}


class CannotBuild(Exception):
    """Why there is no CLI, in words for the one who wants it."""


def version() -> str:
    """Return the version of Pulumi: one for the SDK in the environment and the CLI."""
    found = re.search(r"^pulumi==(\S+)$", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise CannotBuild("constraints.txt does not pin pulumi")
    return found[1]


def cache() -> Path:
    """Return the folder that the CLI is built into."""
    return Path(os.environ.get("GROUNDPLAN_ENGINE") or ROOT / ".venv" / "engine")


def ingredients() -> str:
    """Return a digest of what the CLI is built from."""
    parts = [version().encode(), *((MODULE / name).read_bytes() for name in ("go.mod", "go.sum"))]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def built() -> Path | None:
    """Return the folder of the built CLI, if it is there and up to date."""
    folder = cache()
    try:
        fresh = (folder / "built-from").read_text(encoding="utf-8") == ingredients()
    except FileNotFoundError:
        return None
    return folder / "bin" if fresh else None


def missing() -> str | None:
    """Say why the CLI cannot be used, or None where it can."""
    if built():
        return None
    state = "is built from other versions" if (cache() / "built-from").exists() else "is not built"
    go = "" if shutil.which("go") else "; Go is missing: install it first (https://go.dev/dl)"
    return f"the Pulumi CLI {state} in {cache()}: python tests/engine/tools.py{go}"


def _go(*arguments: str) -> str:
    """Run Go in the CLI's module; what it reports goes to the terminal."""
    # -mod=readonly: a build never changes the versions that were reviewed.
    environment = {**os.environ, "GOFLAGS": "-mod=readonly -buildvcs=false", "GOWORK": "off"}
    try:
        done = subprocess.run(
            ["go", *arguments],
            cwd=MODULE,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            timeout=BUILD_TIMEOUT_S,
            check=False,
        )
    except FileNotFoundError:
        raise CannotBuild(
            "Go is missing: install it (https://go.dev/dl), its version is in tests/engine/pulumi/go.mod"
        ) from None
    except subprocess.TimeoutExpired:
        raise CannotBuild(f"go {arguments[0]} took more than {BUILD_TIMEOUT_S // 60} minutes") from None
    if done.returncode:
        raise CannotBuild(
            f"go {arguments[0]} failed (above); the first build needs a Go module proxy (GOPROXY) or a full module cache"
        )
    return done.stdout.strip()


def build() -> Path:
    """Build the CLI, unless it is up to date, and return its folder."""
    folder, fresh = cache(), built()
    if fresh:
        print(f"the Pulumi CLI {version()} is up to date in {folder}")
        return fresh
    binaries = folder / "bin"
    binaries.mkdir(parents=True, exist_ok=True)
    (folder / "built-from").unlink(missing_ok=True)
    print(f"building the Pulumi CLI {version()} from its modules into {folder} (some minutes, once)", flush=True)
    # Not `go mod download` first: it asks for more than a build needs, some of which the module mirror does not serve.
    stamp = f"-s -w -X {SDK}/go/common/version.Version={version()}"
    _go("build", "-trimpath", "-ldflags", stamp, "-o", str(binaries / "pulumi"), PACKAGE)
    # The small program that runs a Python program under the engine comes with the SDK; a release of the CLI ships it too.
    runner = binaries / RUNNER
    shutil.copyfile(Path(_go("list", "-m", "-f", "{{.Dir}}", SDK)) / "python" / "cmd" / RUNNER, runner)
    runner.chmod(0o755)
    # Written last: an interrupted build is no build.
    (folder / "built-from").write_text(ingredients(), encoding="utf-8")
    print(f"built {binaries / 'pulumi'}")
    return binaries


def lay_out(folder: Path) -> Path:
    """Write the executables that the CLI starts into a folder, to be put first on PATH."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, double in DOUBLES.items():
        # exec: the engine signals and waits for the process that it started.
        command = f'exec {shlex.quote(sys.executable)} -u {shlex.quote(str(ENGINE / "doubles" / double))} "$@"'
        (folder / name).write_text(f"#!/bin/sh\n{command}\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    return folder


if __name__ == "__main__":
    try:
        build()
    except CannotBuild as error:
        sys.exit(f"groundplan: {error}")
