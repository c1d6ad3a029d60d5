"""The house's layout: names, the top level, the tree in the README, and lint that is the same everywhere."""

import ast
import re
import subprocess
from pathlib import Path

import pytest
import yaml

FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "base", "stuff", "temp", "tmp"}
TOP_LEVEL = {
    "orchestration", "dbt_project", "checks", "tests", "docs", "workspace.yaml", "pyproject.toml", "README.md",
    "Makefile", "uv.lock", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "DECISIONS.md",
}  # fmt: skip
# Longer ones cannot be read in one sitting.
LONGEST_MODULE = 450


@pytest.fixture(scope="module")
def files(root: Path) -> list[Path]:
    """What git keeps, or would keep."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("the tree is no git clone, so what belongs to it cannot be told from what was made in it")
    found = [Path(line) for line in listed.stdout.splitlines() if (root / line).exists()]
    assert len(found) > 100
    return found


def test_no_forbidden_names(files: list[Path]):
    named = {part.split(".")[0] for file in files for part in file.parts}
    assert named & FORBIDDEN_NAMES == set()


def test_top_level_is_fixed(files: list[Path]):
    assert {file.parts[0] for file in files if not file.parts[0].startswith(".")} - TOP_LEVEL == set()


def test_no_folder_is_kept_empty(files: list[Path]):
    assert [file for file in files if file.name in {".gitkeep", ".keep"}] == []


def test_modules_can_be_read_in_one_sitting(root: Path, files: list[Path]):
    lengths = {
        str(file): len((root / file).read_text(encoding="utf-8").splitlines())
        for file in files
        if file.suffix == ".py" and file.parts[0] in {"orchestration", "checks"}
    }
    assert {name: length for name, length in lengths.items() if length > LONGEST_MODULE} == {}


def test_every_module_says_what_belongs_there(root: Path, files: list[Path]):
    modules = [file for file in files if file.suffix == ".py" and file.parts[0] in {"orchestration", "checks"}]
    assert [
        file for file in modules if not ast.get_docstring(ast.parse((root / file).read_text(encoding="utf-8")))
    ] == []


def test_nothing_names_a_place_on_somebodys_machine(root: Path, files: list[Path]):
    """Paths of a machine, or of what lies beside the project; only tests of data from outside may look there."""
    places = re.compile(r"(?<![\w.])/(?:work|root|home/\w+|Users/\w+)/|\.\./shared")
    found = []
    for file in files:
        if (
            file.suffix in {".lock", ".png"}
            or file.parts[:2] == ("tests", "external")
            or file == Path("tests/architecture/test_layout.py")
        ):
            continue
        text = (root / file).read_text(encoding="utf-8", errors="replace")
        found += [f"{file}:{number}" for number, line in enumerate(text.splitlines(), 1) if places.search(line)]
    assert found == []


def tree_in(readme: str) -> list[str]:
    """Paths named by the code block of the README that starts with the line `./`; two spaces are one level."""
    block = re.search(r"^```\w*\n\./.*?\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)
    assert block, "The README has no tree: a code block whose first line begins with `./`, two spaces a level."
    above: list[str] = []
    paths = []
    for line in block[1].splitlines():
        match = re.match(r"((?:  )+)(\S+)", line)
        if not match:
            continue
        depth = len(match[1]) // 2 - 1
        above = [*above[:depth], match[2].rstrip("/")]
        paths.append("/".join(above))
    return paths


def test_the_tree_in_the_readme_is_the_one_on_disk(root: Path, files: list[Path]):
    """Everything the README names exists, and it leaves out no top-level entry and no package or layer."""
    named = tree_in((root / "README.md").read_text(encoding="utf-8"))
    assert [path for path in named if not (root / path).exists()] == []
    top = {file.parts[0] for file in files if not file.parts[0].startswith(".")}
    inside = {
        "/".join(file.parts[:2])
        for file in files
        if len(file.parts) > 2 and file.parts[0] in {"orchestration", "checks", "tests"}
    }
    layers = {"/".join(file.parts[:3]) for file in files if file.parts[:2] == ("dbt_project", "models")}
    assert sorted((top | inside | layers) - set(named)) == []


def test_pre_commit_runs_what_ci_lints(root: Path):
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    linted = re.search(r"^lint: ([a-z -]+)##", makefile, re.MULTILINE)
    assert linted
    (local,) = yaml.safe_load((root / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert local["repo"] == "local"
    assert [hook["entry"] for hook in local["hooks"]] == [f"make {target}" for target in linted[1].split()]
    assert "step make lint" in (root / ".ci" / "run").read_text(encoding="utf-8")


def test_every_lint_exception_says_why(root: Path):
    """Each rule that ruff or sqlfluff leaves out has its reason on the same line."""
    lines = (root / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if re.match(r'\s+"[A-Z]+\d*",', line)]
    assert len(rules) > 20
    assert [line.strip() for line in rules if not re.search(r'",\s*# [\w`]', line)] == []
