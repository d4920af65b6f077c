"""Plays histories from files, and makes them smaller: `python -m tests.random.replay [--less]`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.kit import clusters
from tests.random.meshes import Meshes, new_name
from tests.random.oracles import judge
from tests.random.player import Player
from tests.random.script import Script
from tests.random.tables import COUNTER, Schema


def play(script: Script, meshes: Meshes) -> str:
    """Play a history; returns what is wrong: empty where all holds."""
    player = Player(meshes.borrow(script.sites, script.clocks), script.schema, new_name())
    why = ""
    try:
        player.begin()
        for step in script.steps:
            player.play(step)
        player.heal()
        script.used = judge(player)
    except AssertionError as error:
        why = f"{error}" or "failed"
    finally:
        script.told = player.told
        if why:
            player.heal()
        player.end()
        if why:
            meshes.discard(script.sites, script.clocks)
    return why


def smaller(script: Script) -> Iterator[Script]:
    """The same with less: fewer steps, fewer statements, fewer tables and constraints."""
    steps = script.steps
    size = len(steps) // 2
    while size:
        for at in range(0, len(steps), size):
            yield replace(script, steps=steps[:at] + steps[at + size :])
        size //= 2
    for n, step in enumerate(steps):
        if step[0] in ("write", "deliver") and len(step[-1]) > 1:
            for m in range(len(step[-1])):
                less = [*step[:-1], step[-1][:m] + step[-1][m + 1 :]]
                yield replace(script, steps=[*steps[:n], less, *steps[n + 1 :]])
    yield from smaller_tables(script)


def smaller_tables(script: Script) -> Iterator[Script]:
    """Without a table that nobody needs, without a constraint."""
    tables = script.schema.tables
    text = str(script.steps)
    for n, t in enumerate(tables):
        needed = any(k.parent == t.name for o in tables for k in o.foreign_keys if o is not t)
        if not needed and f" {t.name} " not in text and len(tables) > 1:
            yield replace(script, schema=Schema(tables[:n] + tables[n + 1 :]))
        if t.merge != "row":
            less = replace(t, merge="row", priority=[])
            yield replace(script, schema=Schema([*tables[:n], less, *tables[n + 1 :]]))
        for what in ("foreign_keys", "uniques", "fixed"):
            values: list[Any] = getattr(t, what)
            for m, value in enumerate(values):
                if value in ("mark", COUNTER) or (what == "uniques" and t.code):
                    continue
                less = replace(t, **{what: values[:m] + values[m + 1 :]})
                yield replace(script, schema=Schema([*tables[:n], less, *tables[n + 1 :]]))


def minimise(script: Script, meshes: Meshes, tries: int = 1) -> Script:
    """Leave out whatever leaves the failure as it is."""
    why = play(script, meshes)
    if not why:
        raise SystemExit("it does not fail")
    head = why.split(":")[0].split("\n")[0]
    print(f"{head}: {len(script.steps)} steps", flush=True)
    found = True
    while found:
        found = False
        for less in smaller(script):
            now = [play(less, meshes) for _ in range(tries)]
            if any(told.startswith(head) for told in now):
                script, found = less, True
                print(f"{len(script.steps)} steps, {len(script.to_json())} bytes", flush=True)
                break
    return script


def main() -> int:
    """Play each file; the status says whether one failed."""
    parser = argparse.ArgumentParser(description="play histories again")
    parser.add_argument("--less", action="store_true", help="leave out what does not matter")
    parser.add_argument("--times", type=int, default=1, help="how often")
    parser.add_argument("files", nargs="+", type=Path)
    args = parser.parse_args()
    meshes, failed = Meshes(), 0
    try:
        for file in args.files:
            script = Script.from_json(file.read_text())
            if args.less:
                script = minimise(script, meshes)
                Path(f"{file.with_suffix('')}-less.json").write_text(script.to_json())
            for _ in range(args.times):
                why = play(script, meshes)
                failed += bool(why)
                print(script.readable() if why else "", why or f"{file} holds", sep="\n")
    finally:
        meshes.end()
        clusters.destroy_run()
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
