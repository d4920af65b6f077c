-- Takes keys out of the log that cannot be read as keys of one table any more: an enum's label was
-- renamed, a CHECK of a domain was added, a regclass dropped. Each goes into replicate_error; the
-- rows that it may have become are logged, with its version. Returns the keys, and why.
create or replace function pg_temp.{function}()
returns table (lost_key text [], why text)
language plpgsql
as $unreadable$
#variable_conflict use_variable
declare
    one record;
    places integer [];
    loose integer [];
begin
    for one in
        select distinct on (l.key) l.key, l.stamp, l.site, l.repair, l.source
        from bondreplicate.replicate_log as l
        join bondreplicate.replicate_state as s on s.site = l.source
        where l.tab = {tab} and l.key is not null
        order by l.key, l.stamp desc, l.site desc, l.repair desc
    loop
        places := '{{}}';
        loose := '{{}}';
        {reads}
        continue when places = '{{}}';
        insert into bondreplicate.replicate_log (
            xid, origin_xid, stamp, hash, tab, site, repair, source, part, key
        )
        select pg_current_xact_id(), pg_current_xact_id(), one.stamp, {hash_row}, {tab},
            one.site, one.repair, s.site, s.part, {key_row}
        from bondreplicate.replicate_state as s cross join only {table} as r
        where {alike};
        insert into bondreplicate.replicate_error (
            source, schema_name, table_name, key, kind, rule, outcome, columns,
            loser_stamp, loser_site, loser_repair
        ) values (
            one.source, {schema_name}, {table_name}, one.key, 'key',
            'what cannot be read is not sent',
            format('rows that it may be by now are sent; a delete of it is not: %s', why),
            '{{}}', one.stamp, one.site, one.repair
        )
        on conflict do nothing;
        delete from bondreplicate.replicate_log as l
        where l.tab = {tab} and l.key = one.key and l.source = one.source;
        lost_key := one.key;
        return next;
    end loop;
end
$unreadable$
