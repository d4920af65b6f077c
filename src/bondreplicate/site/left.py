"""Changes that wait, of sites that are not listed or not enabled any more."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bondreplicate.border.database import Connection, connect, execute, rows, value
from bondreplicate.border.settings import Settings
from bondreplicate.border.sqlfiles import query
from bondreplicate.site.apply import Batch, Target
from bondreplicate.site.tables import fetch_tables

EVERY_S = 5.0


@dataclass
class Left:
    """What no batch comes for any more is tried again by the site itself, every few seconds."""

    settings: Settings
    due_s: float = 0.0

    def retry(self, connection: Connection, now_s: float) -> int:
        """Try again where it is time.

        Args:
            connection: autocommit, to this site.
            now_s: monotonic seconds.

        Returns:
            How many log entries count as made here now: of what was applied, for a site that is not
            listed any more; see functions/take_over.sql.

        Raises:
            TransientError: users were in the way.
        """
        if now_s < self.due_s:
            return 0
        self.due_s = now_s + EVERY_S  # also where it fails
        left = rows(connection, query("parked_left"))
        for one in left:
            # It brings nothing, begins and ends at the position that there is, leaves its mark.
            here = Batch(one.site, one.incarnation, one.position, one.position, one.vector, 0)
            self._apply(replace(here, proof=one.proof, proof_held=one.proof))
        return value(connection, query("take_over")) if left else 0

    def _apply(self, batch: Batch) -> None:
        with connect(self.settings.dsn, role=f"apply {batch.origin}") as here:
            target = Target(here, self.settings, batch.origin)
            target.learn(fetch_tables(here))
            execute(here, query("shape_unnumbered"))
            target.prepare_parked()
            with target.transaction():
                target.merge(batch)
