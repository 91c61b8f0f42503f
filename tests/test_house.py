"""The house itself: which room may import what, what is never used, what is pinned, what is committed."""

import ast
import functools
import importlib.metadata
import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forked_runs import forked

ROOT = Path(__file__).parents[1]
ROOMS = ("core", "train", "demo")
OURS = {*ROOMS, "tests", "app"}
SOURCES = sorted([ROOT / "app.py", *(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))])
# The one place that reads a pickle: the published ImageNet weights, tensors only.
CONVERT = ROOT / "core" / "backbones" / "convert.py"


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@functools.cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=path.name)


@functools.cache
def imports(path: Path) -> frozenset[str]:
    """Full names of all that a file imports, at any depth: `from a import b` gives both a and a.b."""
    found: set[str] = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module, f"{path.name}: a relative import hides the room"
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(found)


def rooms_of(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports(path)} & OURS


def test_each_room_imports_only_what_it_may() -> None:
    allowed = {
        "core": {"core"},
        "train": {"core", "train"},
        "demo": {"core", "demo"},
        "app": {"core", "demo"},
    }
    for path in SOURCES:
        room = module_name(path).split(".")[0]
        assert rooms_of(path) <= allowed[room], f"{module_name(path)} imports {rooms_of(path)}"


@pytest.mark.parametrize("name", ["errors", "types", "vocabulary"])
def test_the_plain_values_import_nothing_of_ours_but_each_other(name: str) -> None:
    ours = {found for found in imports(ROOT / "core" / f"{name}.py") if found.split(".")[0] in OURS}
    plain = ("core.errors", "core.types", "core.vocabulary")
    assert all(found == "core" or found.startswith(plain) for found in ours), ours


def test_index_evaluation_and_judgements_start_without_torch() -> None:
    light = ["core.flat", "core.index", "core.runs", "core.verdicts", "core.judgement_checks"]
    light += ["core.judgement_file", "core.judgements", "core.judgement_commands", "core.undoing"]
    light += ["core.journal", "core.exchange", "core.consensus", "core.judged_triplets", "core.qrels"]
    light += ["core.opinions", "core.agreement", "core.second_judgements", "core.adjudication"]
    light += ["core.guard", "core.wishes"]
    light += ["core.references", "core.usable", "core.versions", "core.refining", "core.flag_effect"]
    for room in ("evaluation", "indexes", "engines"):
        light += [module_name(path) for path in (ROOT / "core" / room).glob("*.py")]
    for name in light:
        path = ROOT / f"{name.replace('.', '/')}.py"
        names = imports(path if path.exists() else path.with_suffix("") / "__init__.py")
        assert not {"torch", "transformers"} & {found.split(".")[0] for found in names}, name
    heavy = {"torch", "transformers", "faiss", "gradio", "datasets"}
    code = f"import sys, {', '.join(light)}; print(*({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_only_search_and_its_build_side_know_both_a_backbone_and_an_index() -> None:
    both = {
        module_name(path)
        for path in SOURCES
        if any(name.startswith("core.backbones") for name in imports(path))
        and any(name.startswith(("core.index", "core.flat")) for name in imports(path))
    }
    assert both == {"core.search", "core.building"}


@pytest.mark.parametrize("name", ["torchvision", "timm", "open_clip"])
def test_libraries_that_bring_another_torch_are_neither_used_nor_there(name: str) -> None:
    users = [p.name for p in [*SOURCES, *(ROOT / "tests").rglob("*.py")] if name in tops(p)]
    assert users == []
    assert importlib.util.find_spec(name) is None, f"{name} is installed; make clean, then make test"


def tops(path: Path) -> set[str]:
    return {found.split(".")[0] for found in imports(path)}


def test_nothing_is_pickled() -> None:
    pickling = {"pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
    for path in SOURCES:
        assert path == CONVERT or not pickling & tops(path), module_name(path)
        for call in ast.walk(parsed(path)):
            if not isinstance(call, ast.Call):
                continue
            given = {word.arg: word.value for word in call.keywords}
            allowed = given.get("allow_pickle")
            assert allowed is None or ast.unparse(allowed) == "False", f"{module_name(path)}:{call.lineno}"
            called = ast.unparse(call.func)
            assert called != "torch.save", f"{module_name(path)}:{call.lineno} saves a pickle"
            if called == "torch.load":
                assert path == CONVERT, f"{module_name(path)}:{call.lineno} loads a pickle"
                assert ast.unparse(given["weights_only"]) == "True"


def test_every_public_function_and_class_says_what_it_is_for() -> None:
    silent = [
        f"{module_name(path)}.{node.name}"
        for path in SOURCES
        for node in parsed(path).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    silent += [module_name(p) for p in SOURCES if p.stem != "__init__" and not ast.get_docstring(parsed(p))]
    assert silent == []


# --- commands ---------------------------------------------------------------------------------------------

COMMANDS = [p for p in SOURCES if any(ast.unparse(node) == "entry(main)" for node in ast.walk(parsed(p)))]
DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])


@pytest.mark.parametrize("module", [module_name(path) for path in COMMANDS])
def test_every_command_explains_itself_at_once(module: str) -> None:
    line = [sys.executable, "-X", "importtime", "-m", module, "--help"]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.startswith("usage: ")
    imported = set(re.findall(r"\| +(\w+)$", done.stderr, re.MULTILINE))
    assert not imported & {"torch", "transformers", "gradio", "faiss", "datasets"}


def documented() -> Iterator[tuple[str, str, str | None, set[str]]]:
    """Document, module, subcommand and options of each `python -m …` or `python app.py` in the documents."""
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8").replace("\\\n", " ")
        for module, rest in re.findall(
            r"python (?:-m )?((?:core|train|demo|tests)[\w.]+|app\.py)([^`\n]*)", text
        ):
            words = rest.split("#")[0].split()
            first = words[0] if words and re.fullmatch(r"[a-z]+", words[0]) else None
            options = set(re.findall(r"(?<!\S)\[?(--[a-z][\w-]*)", rest.split("#")[0]))
            yield document.name, module.removesuffix(".py").rstrip("."), first, options


def test_the_documents_name_commands_and_options_that_exist() -> None:
    found = list(documented())
    assert {module for _, module, _, _ in found} >= {"train.stage1", "train.stage2", "core.catalogue", "app"}
    for document, module, subcommand, options in found:
        done = forked()(module, *([subcommand] if subcommand else []), "--help")
        assert done.code == 0, f"{document}: python -m {module} {subcommand or ''}"
        missing = {option for option in options if not re.search(rf"{option}\b", done.out)}
        assert not missing, f"{document}: {module} {subcommand or ''} has no {missing}"


def test_the_architecture_names_every_module() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = set(re.findall(r"(\w+)(?:\.py)?`", text))
    assert [module_name(p) for p in SOURCES if p.stem not in {"__init__", *named}] == []


def test_the_documents_link_to_what_is_there() -> None:
    for document in DOCUMENTS:
        for link in re.findall(r"\]\(([^)#\s]+)", document.read_text(encoding="utf-8")):
            assert link.startswith("http") or (document.parent / link).exists(), f"{document.name}: {link}"


# --- what is pinned ---------------------------------------------------------------------------------------

PIN = re.compile(r"([A-Za-z0-9._-]+)==([^\s;+*]+)( *; *python_version >= \"[\d.]+\")?")
PIN_FILES = ("requirements.txt", "tests/requirements.txt", "constraints.txt")


@functools.cache
def pins(file: str) -> dict[str, str]:
    """Name (as pip compares names) to version of each line that applies to this Python."""
    found: dict[str, str] = {}
    for line in (ROOT / file).read_text(encoding="utf-8").splitlines():
        stated = line.split("#")[0].strip()
        if stated:
            match = PIN.fullmatch(stated)
            assert match, f"{file}: {line!r} does not pin one version"
            if not match[3] or "python_version" not in stated or sys.version_info >= (3, 13):
                found[plain(match[1])] = match[2]
    return found


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_what_is_pinned_is_what_is_tested() -> None:
    everything = [(name, version) for file in PIN_FILES for name, version in pins(file).items()]
    assert len(everything) == len(dict(everything)), "a package is pinned in two files"
    assert pins("requirements.txt")["torch"] == "2.13.0"
    for name, version in everything:
        assert importlib.metadata.version(name).split("+")[0] == version, name
    assert not {"torchvision", "timm", "open-clip-torch"} & set(dict(everything))


def test_all_that_is_imported_or_comes_along_is_pinned() -> None:
    pinned = {name for file in PIN_FILES for name in pins(file)}
    # starlette and fastapi are gradio's; playwright takes the README's picture and comes with the tests.
    stated = {*pins("requirements.txt"), "starlette", "fastapi", "playwright"}
    providers = importlib.metadata.packages_distributions()
    for path in SOURCES:
        for top in tops(path) - OURS - sys.stdlib_module_names:
            found = {plain(name) for name in providers.get(top, [])}
            assert found & stated, f"{module_name(path)}: {top} is not in requirements.txt"
    for name in pinned:
        for needed in importlib.metadata.requires(name) or []:
            here = "extra ==" not in needed.replace("'", '"') and ";" not in needed
            package = plain(re.split(r"[\s<>=!~;(\[]", needed)[0])
            assert not here or package in pinned, f"{name} brings {package}, which is not pinned"


# --- what is committed ------------------------------------------------------------------------------------


@functools.cache
def committed() -> tuple[str, ...]:
    line = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=True)
    return tuple(name for name in done.stdout.split("\0") if (ROOT / name).is_file())


def test_the_top_level_holds_only_what_a_python_project_needs() -> None:
    fixed = {"app.py", "requirements.txt", "core", "train", "demo", "assets", "tests"}
    project = {"README.md", "LICENSE", "pyproject.toml", "Makefile", "constraints.txt", "docs"}
    hidden = {".gitignore", ".ci"}
    assert {name.split("/")[0] for name in committed()} == fixed | project | hidden


def test_no_photo_is_committed() -> None:
    pictures = [
        name for name in committed() if re.search(r"\.(jpe?g|png|webp|gif|bmp|tiff?)$", name, re.IGNORECASE)
    ]
    drawn = r"assets/wardrobe-sheet\.webp|assets/wardrobe/images/shop-\d{4}[a-z]\.webp"
    own = re.compile(rf"assets/pages/\w+\.webp|{drawn}|demo/static/favicon\.png")
    assert [name for name in pictures if not own.fullmatch(name)] == []


def test_no_file_names_a_place_of_one_machine_or_a_registry() -> None:
    places = [f"/{name}/".encode() for name in ("work", "root", "home", "Users")]
    places += [b"pypi." + b"org", b"files.python" + b"hosted", b"download.py" + b"torch.org"]
    for name in committed():
        content = (ROOT / name).read_bytes()
        assert not [place for place in places if place in content], name


def test_weights_travel_as_safetensors_alone() -> None:
    suspect = re.compile(r"\.(pth?|ckpt|bin|pkl|pickle|npz|joblib|onnx|h5)$")
    assert [name for name in committed() if suspect.search(name)] == []
