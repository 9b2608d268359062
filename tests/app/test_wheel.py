"""What is installed is what stands here: the wheel carries modules, plugins, screens and words, and needs no Node."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAIN = "from yuanke.app.commands import main; main({words!r})"
LOGIN = "from yuanke.app import create_app; print(create_app().test_client().get('/login').text)"


def run(unpacked: Path, home: Path, code: str) -> str:
    """What ``code`` prints with the unpacked wheel instead of the checkout, and no program in reach."""
    places = [str(unpacked), *(p for p in sys.path if p.endswith("site-packages"))]
    started = [sys.executable, "-I", "-c", f"import sys; sys.path[:0] = {places!r}\n{code}"]
    env = {"YUANKE_HOME": str(home), "PATH": "", "LANG": "C.UTF-8"}
    done = subprocess.run(started, capture_output=True, text=True, cwd=home, env=env)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.nightly
def test_the_wheel_carries_everything_and_runs_without_node(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        names = set(packed.namelist())
        packed.extractall(tmp_path / "unpacked")
    for folder, inside in (("modules", "yuanke/_modules"), ("plugins", "yuanke/_plugins")):
        files = [p.relative_to(ROOT / folder) for p in (ROOT / folder).rglob("*") if p.suffix in (".py", ".yaml")]
        assert {f"{inside}/{path.as_posix()}" for path in files} <= names
    assert {"yuanke/translations/en/LC_MESSAGES/messages.mo", "yuanke/system/people.yaml"} <= names
    assert any(name.startswith("yuanke/static/dist/app-") and name.endswith(".css") for name in names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    home = tmp_path / "home"
    home.mkdir()
    words = ["enterprise", "create", "acme", "--label", "爱客", "--admin", "root", "--password", "geheim-geheim"]
    made = run(tmp_path / "unpacked", home, MAIN.format(words=words))
    assert f"{len(list((ROOT / 'modules').glob('*.yaml')))} 个模块" in made
    assert "/static/dist/app-" in run(tmp_path / "unpacked", home, LOGIN)
