-- The numbers of all transactions that a snapshot does not show: those that were open, and those
-- that came later.
create or replace function bondreplicate.unseen_in(snapshot pg_snapshot)
returns int8multirange
language sql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select int8multirange(int8range(pg_snapshot_xmax(snapshot)::text::bigint, null))
        + coalesce(range_agg(int8range(x.xid::text::bigint, x.xid::text::bigint, '[]')), '{}')
    from pg_snapshot_xip(snapshot) as x (xid)
$$;
comment on function bondreplicate.unseen_in(pg_snapshot) is
'transactions that a snapshot does not show';
