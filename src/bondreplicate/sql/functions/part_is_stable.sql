-- Whether every other enabled site is known, by its own stream, to have all that is in a closed
-- part of the log: what was written here is visible in its position of this site; what came from
-- another site, in its position of that one.
-- known: site to vector, for every other enabled site;
-- a site that never sent anything has an empty vector.
create or replace function bondreplicate.part_is_stable(part smallint, known jsonb)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    unknown boolean;
begin
    execute format($q$
        select exists (
            select from bondreplicate.replicate_log_%s as l
            cross join jsonb_each($1) as k (site, seen)
            where k.site <> l.source::text
                and not pg_visible_in_snapshot(
                    coalesce(l.origin_xid, l.xid), bondreplicate.position_in(k.seen, l.source)
                )
        )
    $q$, part) into unknown using known;
    return not unknown;
end
$$;
comment on function bondreplicate.part_is_stable(smallint, jsonb) is
'whether a part of the log may be forgotten';
