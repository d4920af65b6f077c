"""What every test can ask for: databases, clusters, a seeded source of randomness."""

import itertools
import os
import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kit import Mesh, binaries, clusters, make_mesh, zygote

_databases = itertools.count(1)


def pytest_report_header() -> list[str]:
    return [binaries.describe()]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that need patience begin first, so that none of them is the last one to end.

    At full size a test takes as long as it takes: beyond two hours it hangs.
    """
    longest: dict[Path, float] = defaultdict(float)
    for item in items:
        limit = item.get_closest_marker("timeout")
        if limit and not item.get_closest_marker("soak"):
            longest[item.path] = max(longest[item.path], limit.args[0])
    items.sort(key=lambda item: -longest[item.path])
    if os.environ.get("BOND_SOAK") == "1":
        for item in items:
            item.add_marker(pytest.mark.timeout(2 * 3600), append=False)


def pytest_sessionfinish() -> None:
    clusters.destroy_run()
    zygote.end()


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> random.Random:
    """Randomness that `pytest --randomly-seed=N` repeats; N is in the head of the report."""
    seed = request.config.getoption("randomly_seed", default=0)
    return random.Random(f"{seed} {request.node.nodeid}")


@pytest.fixture
def new_cluster() -> Iterator[Callable[..., clusters.Cluster]]:
    """Makes and starts clusters of the test's own; takes what `Cluster` takes."""
    made: list[clusters.Cluster] = []

    def make(version: str = "18", **options: Any) -> clusters.Cluster:
        made.append(clusters.Cluster(version, **options))
        made[-1].start()
        return made[-1]

    yield make
    for cluster in made:
        cluster.destroy()


@pytest.fixture
def new_database() -> Iterator[Callable[..., clusters.Database]]:
    """Makes empty databases in shared clusters: cheap, and enough for most tests."""
    made: list[clusters.Database] = []

    def make(version: str = "18", setup_sql: str = "") -> clusters.Database:
        database = clusters.Database(clusters.shared_cluster(version), f"t{next(_databases)}")
        made.append(database)
        if setup_sql:
            database.execute(setup_sql)
        return database

    yield make
    for database in made:
        if database.cluster.is_running():
            database.drop()


@pytest.fixture
def database(new_database: Callable[..., clusters.Database]) -> clusters.Database:
    """An empty database on the newest PostgreSQL."""
    return new_database(binaries.available_versions()[-1])


@pytest.fixture
def new_mesh() -> Iterator[Callable[..., Mesh]]:
    """Makes meshes that end with the test; takes what `make_mesh` takes."""
    made: list[Mesh] = []

    def make(*args: Any, **options: Any) -> Mesh:
        made.append(make_mesh(*args, **{**options, "start": False}))
        if options.get("start", True):
            made[-1].start()
        return made[-1]

    yield make
    for mesh in made:
        mesh.end()
