"""Real servers, faults, workloads and checkers for the tests."""

from tests.kit.binaries import available_versions, mixed_versions
from tests.kit.clock import faketime_library
from tests.kit.clusters import Cluster, Database, shared_cluster
from tests.kit.eventually import eventually, pause
from tests.kit.mesh import Mesh, make_mesh, settle
from tests.kit.proxy import Proxy
from tests.kit.site import Site, createdb_sql

__all__ = [
    "Cluster",
    "Database",
    "Mesh",
    "Proxy",
    "Site",
    "available_versions",
    "createdb_sql",
    "eventually",
    "faketime_library",
    "make_mesh",
    "mixed_versions",
    "pause",
    "settle",
    "shared_cluster",
]
