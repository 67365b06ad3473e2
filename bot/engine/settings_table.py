"""The table of settings in the README, made from the settings themselves: `python -m bot.engine.settings_table`."""

from __future__ import annotations

from pathlib import Path

from actions.backend.settings import SETTINGS

README = Path(__file__).parents[2] / "README.md"
BEGIN = "<!-- settings: made by `python -m bot.engine.settings_table`, checked by a test -->"
END = "<!-- /settings -->"


def table() -> str:
    """Every setting with its meaning and its default, as Markdown."""
    rows = ["| Setting | What it is | Default |", "|---|---|---|"]
    for setting in SETTINGS:
        shown = str(setting.metadata["shown"]).replace("|", "\\|")
        rows.append(f"| `{setting.metadata['name']}` | {setting.metadata['about']} | {shown or 'none'} |")
    return "\n".join(rows)


def with_table(readme: str) -> str:
    """The README with the table between its two marks; ValueError when they are missing."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("the README has no place for the settings")
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


if __name__ == "__main__":
    README.write_text(with_table(README.read_text(encoding="utf-8")), encoding="utf-8")
