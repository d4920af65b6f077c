-- Takes keys out of the log that cannot be read as keys of one table any more: an enum's label was
-- renamed, a CHECK of a domain was added, a regclass dropped. Each goes into replicate_error; the
-- rows that it may have become are logged, with its version. What came from another site is told by
-- that one; here its version is remembered of the row that has its hash. Returns the keys, and why.
create or replace function pg_temp.{function}()
returns table (lost_key text [], why text, made_here boolean)
language plpgsql
as $unreadable$
#variable_conflict use_variable
declare
    one record;
    places integer [];
    loose integer [];
begin
    begin
        perform max({hash_l}) from bondreplicate.replicate_log as l
        where l.tab = {tab} and l.key is not null;
        return;
    exception
        when data_exception or check_violation or undefined_table or undefined_object
            or undefined_function or invalid_schema_name or ambiguous_function then
            null; -- One of them cannot be read: which?
    end;
    for one in
        select distinct on (l.key, l.source, l.changed) l.key, l.stamp, l.site, l.repair, l.source,
            l.hash, l.xid, l.origin_xid, l.changed, l.source = s.site as made_here
        from bondreplicate.replicate_log as l
        cross join bondreplicate.replicate_state as s
        where l.tab = {tab} and l.key is not null
        order by l.key, l.source, l.changed, l.stamp desc, l.site desc, l.repair desc
    loop
        places := '{{}}';
        loose := '{{}}';
        {reads}
        continue when places = '{{}}';
        insert into bondreplicate.replicate_log (
            xid, origin_xid, stamp, hash, tab, site, repair, source, part, key, changed
        )
        select case when one.made_here then pg_current_xact_id() else one.xid end,
            case when one.made_here then pg_current_xact_id() else one.origin_xid end,
            one.stamp, {hash_row}, {tab}, one.site, one.repair, one.source, s.part, {key_row},
            one.changed
        from bondreplicate.replicate_state as s cross join only {table} as r
        where case when one.made_here then {alike} else {hash_row} = one.hash end;
        insert into bondreplicate.replicate_error (
            source, schema_name, table_name, key, kind, rule, outcome, columns,
            loser_stamp, loser_site, loser_repair
        )
        select one.source, {schema_name}, {table_name}, one.key, 'key',
            'what cannot be read is not sent',
            format('rows that it may be by now are sent; a delete of it is not: %s', why),
            '{{}}', one.stamp, one.site, one.repair
        where one.made_here
        on conflict do nothing;
        delete from bondreplicate.replicate_log as l
        where l.tab = {tab} and l.key = one.key and l.source = one.source;
        lost_key := one.key;
        made_here := one.made_here;
        return next;
    end loop;
end
$unreadable$
