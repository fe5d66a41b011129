"""Fixtures of the tests that run the real Pulumi engine, against doubles; no live account is used."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import tools
from environments import Standing, made, policy_pack
from harness import Stack, end_all, ok

# Programs, not modules of tests: the engine runs them.
collect_ignore_glob = ["toy/*", "doubles/language_host.py", "doubles/aws_provider.py"]


@pytest.fixture(scope="session")
def binaries(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Sequence[Path]:
    """Folders to put first on PATH: the doubles, the CLI; skip the test, or fail it under --require-engine, without them."""
    reason = tools.missing()
    if reason and request.config.getoption("--require-engine"):
        pytest.fail(f"required, but {reason}")
    if reason:
        pytest.skip(reason)
    built = tools.built()
    assert built is not None
    return [tools.lay_out(tmp_path_factory.mktemp("doubles")), built]


@pytest.fixture(scope="session")
def new_stack(binaries: Sequence[Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Stack]]:
    """Make a stack of its own: `new_stack("dev")` of this project, `new_stack("toy", source=FOLDER)` of another."""
    numbers = itertools.count()

    def make(name: str, source: Path = tools.ROOT) -> Stack:
        return Stack(tmp_path_factory.mktemp(f"{name}-{next(numbers)}-"), name, binaries, source)

    yield make
    end_all()


@pytest.fixture(scope="session")
def standing(new_stack: Callable[..., Stack]) -> Callable[[str], Standing]:
    """Bring an environment up once: `standing("dev")`. Tests change a branch of it, never itself."""
    up: dict[str, Standing] = {}

    def of(environment: str) -> Standing:
        if environment not in up:
            stack = made(new_stack, environment)
            preview = ok(stack.preview(*policy_pack(stack)))
            after_preview = len(stack.resources()), len(stack.account.journal())
            up[environment] = Standing(stack, preview, after_preview, ok(stack.up(*policy_pack(stack))))
        return up[environment]

    return of
