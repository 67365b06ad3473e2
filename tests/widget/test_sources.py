"""The widget's sources: typed, every text said and none left over, nothing taken from elsewhere."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from string import Formatter

import pytest

from actions.wording import LOCALES, Wording
from bot.widget import assets

ROOT = Path(__file__).parents[2]
SOURCES = {path.name: path.read_text(encoding="utf-8") for path in sorted(assets.FOLDER.glob("*.js"))}


@pytest.fixture(scope="module")
def wording() -> Wording:
    return Wording.load(ROOT / "data" / "responses")


@pytest.mark.unit
def test_the_types_hold(node_modules: Path) -> None:
    compiler = node_modules / "typescript" / "bin" / "tsc"
    node = shutil.which("node")
    assert node
    done = subprocess.run(
        [node, str(compiler), "--project", str(assets.FOLDER)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.unit
def test_every_text_that_is_said_exists_and_none_is_left_over(wording: Wording) -> None:
    said: set[str] = set()
    for source in SOURCES.values():
        said |= set(re.findall(r'say\(\s*"(\w+)"', source))
        said |= set(re.findall(r'(?:\.action\(|\? |: )"(\w+)"', source))
        for template in re.findall(r"say\(`([^`]+)`", source):
            pattern = re.sub(r"\\\$\\\{[^}]*\\\}", r"\\w+", re.escape(template))
            said |= {name for name in assets.texts(wording)["de"] if re.fullmatch(pattern, name)}
    texts = assets.texts(wording)
    assert {name for source in SOURCES.values() for name in re.findall(r'say\(\s*"(\w+)"', source)} <= set(texts["de"])
    assert set(texts["de"]) <= said
    for locale in LOCALES:
        assert set(texts[locale]) == set(texts["de"])


@pytest.mark.unit
def test_every_locale_names_the_same_values(wording: Wording) -> None:
    texts = assets.texts(wording)
    for name in texts["de"]:
        named = {locale: {key for _, key, _, _ in Formatter().parse(texts[locale][name]) if key} for locale in LOCALES}
        assert len({frozenset(keys) for keys in named.values()}) == 1, name


@pytest.mark.unit
def test_what_is_served_differs_only_in_comments_and_space(wording: Wording) -> None:
    served = assets.load(wording).modules
    assert set(served) == {*SOURCES, "texts.js", "styles.js", "settings.js"}
    for name, source in SOURCES.items():
        lean = served[name].content.decode()
        rest = iter(re.sub(r"\s", "", source))
        assert all(character in rest for character in re.sub(r"\s", "", lean)), name  # nothing added
        code = [line for line in map(str.strip, source.splitlines()) if line]
        inside = False
        for line in code:
            if inside or line.startswith(("//", "/*")):
                inside = "*/" not in line and (inside or line.startswith("/*"))
                if not line.startswith("/*") or line.endswith("*/") or inside:
                    continue
            assert line in lean, (name, line)  # nothing lost


@pytest.mark.unit
def test_nothing_parses_markup_or_code() -> None:
    for name, source in SOURCES.items():
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\(|new Function", source
        ), name
        assert not re.search(r"""(setAttribute\("style"|\.style\s*=|\.cssText)""", source), name
        assert "localStorage" not in source
