"""The page of the models names every one of them, its formula and its source, as the docstring has it."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import pkgutil
import re
from pathlib import Path
from types import ModuleType

import pytest

import planner.models


@pytest.fixture(scope="module")
def generate(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", root / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_public_model_is_there_with_formula_and_source(generate: ModuleType) -> None:
    page = generate.models_page()
    sections = dict(re.findall(r"(?ms)^### (\w+)\n(.*?)(?=^##|\Z)", page))
    count = 0
    for found in pkgutil.iter_modules(planner.models.__path__):
        module = importlib.import_module(f"planner.models.{found.name}")
        for name in getattr(module, "__all__", ()):
            value = getattr(module, name)
            if not inspect.isfunction(value) or value.__module__ != module.__name__:
                continue
            count += 1
            text = inspect.getdoc(value) or ""
            assert ("*Formula.*" in sections[name]) == ("Notes\n-----" in text), name
            assert ("*Source.*" in sections[name]) == ("References\n----------" in text), name
            assert "Examples" not in sections[name]
    assert count > 40
    assert " at 0x" not in page


def test_paragraphs_formulas_and_lists_become_markdown(generate: ModuleType) -> None:
    law = "A law, with x_1 and *b* < c::\n\n    y = a_1 * x^2\n    z < 1\n\n"
    text = law + "See `f_x` at https://e.org/a_b:\n\n- one\n  line\n- two"
    assert generate._rst(text) == [
        r"A law, with x\_1 and \*b\* &lt; c:",
        *("", "```text", "y = a_1 * x^2", "z < 1", "```"),
        *("", "See `f_x` at https://e.org/a_b:"),
        *("", "- one line", "- two"),
    ]
