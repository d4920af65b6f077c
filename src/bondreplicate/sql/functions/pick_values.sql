-- Of the values of some columns those that are wanted, in that order.
create or replace function bondreplicate.pick_values(vals text [], columns name [], wanted name [])
returns text []
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
select array(
    select vals[array_position(columns, w.name)]
    from unnest(wanted) with ordinality as w (name, place)
    order by w.place
)
$$;
comment on function bondreplicate.pick_values(text [], name [], name []) is
'of the values of some columns those that are wanted';
