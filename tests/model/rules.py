"""The ingredients of convergence, each of which can be left out to see what it is good for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rules:
    """What sites do. All true: the rules that converge.

    Attributes:
        digest: at equal versions the row's contents decide.
        floor: a site's clock goes on from the highest stamp that was applied there.
        send_repairs: repairs are logged and sent like any write.
        follow_merged: children of a row that lost a unique value follow it to the winner.
        follow_moved: a deleted key whose row was given another key says which.
        forget_when_seen: forget what every site's own stream shows it has; else: what was sent.
        keep_maker: a state that is passed on keeps who made it; else: who passed it on.
        wait_for_known: mend only what is concurrent: where the maker of one state knew the
            other, something newer is on its way.
        tell_parked: a batch says which keys are parked at its origin.
        remember_parked: the version and the vector of a parked state are kept, and the row of
            before stays until it can go; else: parked states lie aside and are judged anew.
        keep_vector: a parked state that lies aside keeps the vector that it came with.
        cascade_spares: what a repair has written is not removed by a cascade; its parent returns.
        refuse_like_server: SET NULL of a column that refuses null, or SET DEFAULT without the
            row that the default refers to, let no parent go.
        truncate_first: a TRUNCATE of the same batch is compared with parked rows as well.
        give_up: a row that is parked at every site, as their batches say, is removed.
        send_on: where a site is removed, the others send on what came from it.
        log_set_null: what SET NULL, SET DEFAULT and re-pointing replace is logged.
        third_tells: a site that made neither of two states logs what it can be sure of.
    """

    digest: bool = True
    floor: bool = True
    send_repairs: bool = True
    follow_merged: bool = True
    follow_moved: bool = True
    forget_when_seen: bool = True
    keep_maker: bool = True
    wait_for_known: bool = True
    tell_parked: bool = True
    remember_parked: bool = True
    keep_vector: bool = True
    cascade_spares: bool = True
    refuse_like_server: bool = True
    truncate_first: bool = True
    give_up: bool = True
    send_on: bool = True
    log_set_null: bool = True
    third_tells: bool = True


ALL = Rules()
