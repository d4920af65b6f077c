"""What pip installs is complete: the SQL too, which no import would miss."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_wheel_holds_the_sql_and_the_command(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
        [entries] = [name for name in held if name.endswith("entry_points.txt")]
        assert "bondreplicate = bondreplicate.__main__:main" in archive.read(entries).decode()
    source = ROOT / "src"
    wanted = {
        path.relative_to(source).as_posix()
        for pattern in ("*.py", "*.sql")
        for path in source.rglob(pattern)
    }
    assert any(name.endswith(".sql") for name in wanted)
    assert wanted <= held
