"""The engine's language host for Python: starts the program and the policy pack, in the project's virtual environment.

A stand-in for `pulumi-language-python`, whose Go module cannot be had at the CLI's version. The program itself runs under the
SDK's own runner, as it does for a user.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from google.protobuf import empty_pb2
from process import serve
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

BAIL = 32  # the runner's exit code for "a message was shown, say nothing more"


def interpreter(info: Any) -> str:
    """Return the Python of a program: of the virtual environment that its project file names, else the first on PATH."""
    options = dict(info.options)
    if "virtualenv" in options:
        return str(Path(info.root_directory) / options["virtualenv"] / "bin" / "python")
    return shutil.which("python3") or sys.executable


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    def __init__(self, engine: str) -> None:
        self.engine = engine
        self.children: list[subprocess.Popen[bytes]] = []

    def start(self, command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, **options)
        self.children.append(child)
        return child

    def stop(self) -> None:
        for child in self.children:
            if child.poll() is None:
                child.terminate()

    def Handshake(self, request: Any, context: Any) -> Any:
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version="1.0.0")

    def GetRequiredPackages(self, request: Any, context: Any) -> Any:
        return language_pb2.GetRequiredPackagesResponse()  # nothing to download: the doubles are on PATH

    def About(self, request: Any, context: Any) -> Any:
        return language_pb2.AboutResponse(executable=interpreter(request.info), version=sys.version.split()[0])

    def GetProgramDependencies(self, request: Any, context: Any) -> Any:
        return language_pb2.GetProgramDependenciesResponse()

    def Cancel(self, request: Any, context: Any) -> Any:
        self.stop()
        return empty_pb2.Empty()

    def Run(self, request: Any, context: Any) -> Any:
        runner = shutil.which("pulumi-language-python-exec")
        if runner is None:
            return language_pb2.RunResponse(error="pulumi-language-python-exec is not on PATH")
        options = {
            "monitor": request.monitor_address,
            "engine": self.engine,
            "project": request.project,
            "stack": request.stack,
            "organization": request.organization,
            "root_directory": request.info.root_directory,
            "pwd": request.info.program_directory,
            "parallel": str(request.parallel),
            "dry_run": "true" if request.dryRun else "false",
        }
        flags = [part for name, value in options.items() for part in (f"--{name}", value)]
        environment = {
            **os.environ,
            "PULUMI_CONFIG": json.dumps(dict(request.config)),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
        }
        python, program = interpreter(request.info), request.info.entry_point
        # What the program prints goes where ours goes: the engine shows it.
        code = self.start([python, "-u", runner, *flags, program, *request.args], env=environment).wait()
        if code == BAIL:
            return language_pb2.RunResponse(bail=True)
        return language_pb2.RunResponse(error=f"Program exited with non-zero exit code: {code}" if code else "")

    def RunPlugin(self, request: Any, context: Any) -> Iterator[Any]:
        pack = request.info.program_directory
        command = [interpreter(request.info), "-u", "-m", "pulumi.policy", *request.args, pack]
        environment = dict(each.split("=", 1) for each in request.env)
        child = self.start(command, cwd=pack, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        context.add_callback(child.terminate)  # the engine ends a plugin by ending this call
        errors: list[bytes] = []
        assert child.stdout is not None and child.stderr is not None  # noqa: PT018
        reader = threading.Thread(target=lambda stream: errors.extend(iter(stream.readline, b"")), args=(child.stderr,))
        reader.start()
        for line in iter(child.stdout.readline, b""):
            yield language_pb2.RunPluginResponse(stdout=line)
        reader.join()
        yield language_pb2.RunPluginResponse(stderr=b"".join(errors))
        yield language_pb2.RunPluginResponse(exitcode=child.wait())


if __name__ == "__main__":
    host = LanguageHost(sys.argv[-1])
    serve(lambda server: language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server), at_end=host.stop)
