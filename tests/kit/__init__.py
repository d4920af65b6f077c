"""Real servers, faults, workloads and checkers for the tests."""

from tests.kit.binaries import available_versions, mixed_versions
from tests.kit.clock import faketime_library
from tests.kit.clusters import Cluster, Database, shared_cluster
from tests.kit.eventually import eventually, pause
from tests.kit.proxy import Proxy

__all__ = [
    "Cluster",
    "Database",
    "Proxy",
    "available_versions",
    "eventually",
    "faketime_library",
    "mixed_versions",
    "pause",
    "shared_cluster",
]
