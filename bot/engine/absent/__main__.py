"""Make the environment that runs this know the project: its folder on the path, stand-ins for absent packages."""

import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
LINES = f"{ROOT}\nimport bot.engine.absent; bot.engine.absent.install()\n"


def main() -> None:
    target = Path(sysconfig.get_path("purelib")) / "lotse.pth"
    target.write_text(LINES, encoding="utf-8")
    print(f"wrote {target.name}")


if __name__ == "__main__":
    main()
