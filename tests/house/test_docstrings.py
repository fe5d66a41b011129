"""Every public function of the topologies and the models says what it takes, where it is from, and shows an example."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import planner.models
import topologies

# Packages that serve one module, which is their face: topologies.diff and topologies.drawing.
BEHIND_A_FACE = ("topologies.as_built", "topologies.pictures")


def public_functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    for package in (topologies, planner.models):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if found.name.startswith(BEHIND_A_FACE) or "._" in found.name:
                continue
            module = importlib.import_module(found.name)
            for name in getattr(module, "__all__", ()):
                value = getattr(module, name)
                if inspect.isfunction(value):
                    yield f"{value.__module__}.{name}", value


FUNCTIONS = dict(public_functions())


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_public_function_explains_itself(name: str) -> None:
    function = FUNCTIONS[name]
    text = inspect.getdoc(function) or ""
    assert "Examples\n--------" in text, "no example"
    assert ">>> " in text.partition("Examples\n--------")[2], "an example that is not run"
    if len(inspect.signature(function).parameters) > 1:
        assert "Parameters\n----------" in text, "parameters without a word"


def test_there_are_functions_to_check() -> None:
    assert len(FUNCTIONS) > 100
