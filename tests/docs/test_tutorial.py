"""The tutorial does what it says: its blocks are typed, and what they show is compared."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, Step, steps
from tests.docs.terminal import Terminal, fits
from tests.kit import Cluster, available_versions, eventually

PAGE = ROOT / "docs" / "tutorial" / "first-mesh.md"
NEWEST = available_versions()[-1]
VERSIONS = [NEWEST] + [
    pytest.param(version, marks=pytest.mark.soak)
    for version in available_versions()
    if version != NEWEST
]


@pytest.fixture
def terminals(
    request: pytest.FixtureRequest, new_cluster: Callable[..., Cluster], tmp_path: Path
) -> Iterator[Callable[[str], Terminal]]:
    """Terminals by name, all on one new server."""
    cluster = new_cluster(request.param)
    opened: dict[str, Terminal] = {}

    def terminal(name: str) -> Terminal:
        if name not in opened:
            opened[name] = Terminal(name, tmp_path, cluster)
        return opened[name]

    yield terminal
    for one in opened.values():
        one.close()


@pytest.mark.timeout(400)
@pytest.mark.parametrize("terminals", VERSIONS, indirect=True)
def test_tutorial_works_to_the_letter(terminals: Callable[[str], Terminal], tmp_path: Path) -> None:
    told = steps(PAGE)
    for step, upcoming in zip(told, [*told[1:], None], strict=True):
        try:
            follow(step, upcoming, terminals)
        except BaseException as error:
            logs = [f"--- {p.name}\n{p.read_text()}" for p in tmp_path.glob("*/*.log")]
            error.add_note(f"{PAGE.name}, line {step.line}:\n{step.text}\n" + "\n".join(logs))
            raise
    assert not [p for p in tmp_path.iterdir() if not p.name.startswith(".")], "it leaves files"


def follow(step: Step, upcoming: Step | None, terminals: Callable[[str], Terminal]) -> None:
    """Do what a step says; `upcoming` is the one after it."""
    if step.kind == "sh":
        terminal = terminals(step.name)
        assert not terminal.busy, "the terminal has no prompt"
        terminal.type(step.text)
        if not step.name:
            terminal.wait_prompt()
        if upcoming and upcoming.kind == "text":
            see = f"line {upcoming.line}: it shows what the page says"
            eventually(lambda: fits(terminal.shown, upcoming.text) or _seen(terminal), see, 30)
    for name in step.name.split():
        if step.kind == "Ctrl+C":
            terminals(name).ctrl_c()
        elif step.kind == "ends":
            eventually(lambda name=name: not terminals(name).busy, f"{name} ends by itself")
            terminals(name).wait_prompt()


def _seen(terminal: Terminal) -> bool:
    """Not what was awaited, so far; the words are in the message."""
    raise AssertionError(f"shown:\n{terminal.shown}")
