"""Links inside the documentation lead somewhere, and every page can be found."""

from pathlib import Path

import pytest

from tests.docs.pages import ROOT, anchors, links, pages


@pytest.mark.parametrize("page", pages(), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for line, target in links(page):
        if "://" in target or target.startswith("mailto:"):
            continue
        path, _, fragment = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        if not there.exists():
            broken.append(f"line {line}: {target}: there is no such file")
        elif ROOT not in [there, *there.parents]:
            broken.append(f"line {line}: {target} is outside the repository")
        elif fragment and fragment not in anchors(there):
            broken.append(f"line {line}: {target}: there is no such heading")
    assert not broken, f"{page.relative_to(ROOT)}:\n" + "\n".join(broken)


def test_every_page_is_in_the_index() -> None:
    index = ROOT / "docs" / "index.md"
    listed = {(index.parent / target.partition("#")[0]).resolve() for _, target in links(index)}
    found = {page for page in pages() if page.is_relative_to(ROOT / "docs")} - {index}
    assert found <= listed, f"not in the index: {sorted(map(str, found - listed))}"


def test_the_index_is_in_the_readme() -> None:
    assert "docs/index.md" in [target for _, target in links(ROOT / "README.md")]


def test_anchors_are_made_as_on_the_web(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# The stamp: a *clock*\n\n```sh\n# no heading\n```\n\n## `site` & `part_no`\n")
    assert anchors(page) == {"the-stamp-a-clock", "site--part_no"}


def test_links_in_code_do_not_count(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("[a](b.md) `[c](d.md)`\n\n```text\n[e](f.md)\n```\n\n[`g`](h.md#i)\n")
    assert list(links(page)) == [(1, "b.md"), (7, "h.md#i")]
