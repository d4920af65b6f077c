-- Staged rows of one table with counters: joins what they bring with what is known here, of each
-- site the total after more changes, and puts the values that this makes into the staged rows. A
-- later INSERT has another base: what was added to the older one is lost with it, and told. What
-- comes without counters is a repair, which moves none, or from before they were counted: its value
-- counts if it is the latest of those. Rows here whose counters move are kept in bond_behind.
create or replace function pg_temp.{function}(me smallint)
returns void
language plpgsql
as $counters$
#variable_conflict use_variable
begin
    -- Has waited since before its origin took its counters back: a value.
    update pg_temp.bond_stage as s set counters = null
    where s.tab = {tab} and (s.counters ->> 'begun')::integer <> {begun};
    delete from pg_temp.bond_count;
    insert into pg_temp.bond_count (
        place, key, hash, known, here, base_stamp, base_site, start, totals, plain_stamp,
        plain_site
    )
    select s.ctid, s.key, {hash_s}, c.ctid, t.ctid is not null, j.base_stamp, j.base_site,
        coalesce(j.start, '{{}}'), j.totals,
        case when i.plain then i.plain_stamp else coalesce(c.plain_stamp, '-infinity') end,
        case when i.plain then i.plain_site else coalesce(c.plain_site, 0) end
    from pg_temp.bond_stage as s
    left join only {table} as t on {key_equal_s}
    left join bondreplicate.replicate_counter as c
        on c.tab = {tab} and c.hash = {hash_s} and {key_equal_cs}
    cross join lateral (
        select coalesce(i.stamp, '-infinity') as stamp, coalesce(i.site, 0) as site,
            coalesce(i.start, case when not s.gone then {start_s} end) as start,
            coalesce(i.totals, '{{}}') as totals,
            (p.stamp, p.site)
                > (coalesce(c.plain_stamp, '-infinity'), coalesce(c.plain_site, 0)) as plain,
            p.stamp as plain_stamp, p.site as plain_site
        from jsonb_to_record(coalesce(s.counters, '{{}}')) as i (
            stamp timestamptz, site smallint, start jsonb, totals jsonb, plain_stamp timestamptz,
            plain_site smallint
        )
        cross join lateral (
            select s.stamp, s.site where s.counters is null and not (s.mine or s.gone)
            union all
            select i.plain_stamp, i.plain_site
            where s.counters is not null or s.mine or s.gone
        ) as p (stamp, site)
    ) as i
    cross join lateral (
        select coalesce(c.base_stamp, '-infinity') as stamp, coalesce(c.base_site, 0) as site,
            coalesce(nullif(c.start, '{{}}'), case when t.ctid is not null then {start_t} end)
            as start, coalesce(c.totals, '{{}}') as totals,
            c.ctid is not null or t.ctid is not null as there
    ) as h
    cross join lateral (
        select i.stamp, i.site, i.start, i.totals
        where not h.there or (i.stamp, i.site) > (h.stamp, h.site)
        union all
        select h.stamp, h.site,
            case when i.plain then i.start
                -- Of a child that followed its parent, which one site had with more than another.
                when h.site > 0 then greatest(h.start, i.start)
                else coalesce(h.start, i.start)
            end,
            bondreplicate.joined_totals(h.totals, i.totals)
        where h.there and (i.stamp, i.site) = (h.stamp, h.site)
        union all
        select h.stamp, h.site, h.start, h.totals
        where h.there and (i.stamp, i.site) < (h.stamp, h.site)
    ) as j (base_stamp, base_site, start, totals)
    where s.tab = {tab} and s.key is not null;
    perform bondreplicate.keep_counters(me, {tab});
    update pg_temp.bond_count as n
    set vals = array[{sums}]::text [], behind = exists (
        select from only {table} as t where {key_equal_n} and ({differs} or n.known is null
            -- Whoever has an old snapshot, and would not see what is noted now, has to see this.
            and (n.base_site > 0 or n.totals <> '{{}}'))
    );
    insert into pg_temp.bond_behind
    select s.* from pg_temp.bond_stage as s join pg_temp.bond_count as n on n.place = s.ctid
    where n.behind;
    delete from pg_temp.bond_stage as s where s.tab = {tab} and s.only_counters;
    update pg_temp.bond_stage as s set vals = {vals_n}
    from pg_temp.bond_count as n where s.ctid = n.place and not s.gone and n.start <> '{{}}';
end
$counters$
