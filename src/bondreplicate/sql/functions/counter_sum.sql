-- What all sites have added to one counter of a row.
create or replace function bondreplicate.counter_sum(totals jsonb, name text)
returns numeric
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
select coalesce(sum((e.value ->> name)::numeric), 0) from jsonb_each(totals) as e
$$;
comment on function bondreplicate.counter_sum(jsonb, text) is
'what all sites have added to one counter of a row';
