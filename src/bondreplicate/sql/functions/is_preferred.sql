-- Whether of two concurrent changes of a row the earlier is to stay by the priority of sites. Of
-- one site's write and a repair that holds an older one of it, the write is meant.
create or replace function bondreplicate.is_preferred(
    priority smallint [], earlier_site smallint, earlier_repair integer,
    later_site smallint, later_repair integer
)
returns boolean
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
select case
    when earlier_site = later_site then earlier_repair = 0 and later_repair > 0
    else coalesce(array_position(priority, earlier_site), 1000)
        < coalesce(array_position(priority, later_site), 1000)
end
$$;
comment on function bondreplicate.is_preferred(smallint [], smallint, integer, smallint, integer) is
'whether the earlier of two changes is that of the preferred site';
