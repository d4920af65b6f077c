-- Give every aligned sequence back the definition that its owner gave it.
-- Called by public.replicate_down(). What was altered since the last alignment stays altered.
-- The next value is beyond everything this site has handed out and beyond every value in the
-- columns the sequence fills, also those that came from other sites: with the old increment it
-- would run into them.
-- What was recorded stays, marked as released: a later start must know that the sequence was
-- shifted once already.
-- Returns: how many sequences were restored.
-- Reads: replicate_sequence, pg_sequence. Writes: sequences, replicate_sequence.
create or replace function bondreplicate.restore_sequences() returns integer
language plpgsql
set search_path = ''
as $$
declare
    restored integer := 0;
    entry record;
    used record;
    place record;
    back jsonb;
    edge numeric;
    upcoming numeric;
    restart text;
begin
    for entry in
        select c.oid, r.schema_name, r.sequence_name, r.original, r.aligned, s.seqcache as cache
        from bondreplicate.replicate_sequence r
        join pg_catalog.pg_namespace n on n.nspname = r.schema_name
        join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = r.sequence_name
        join pg_catalog.pg_sequence s on s.seqrelid = c.oid
        where not coalesce((r.aligned ->> 'released')::boolean, false)
        order by r.schema_name, r.sequence_name
    loop
        -- An ALTER that changes nothing: from here on nobody else can call nextval().
        execute pg_catalog.format(
            'alter sequence %I.%I cache %s', entry.schema_name, entry.sequence_name, entry.cache
        );
        select pg_catalog.jsonb_object_agg(
            f.key, case when f.value = entry.aligned -> f.key then entry.original -> f.key
                else f.value end
        ) into strict back
        from pg_catalog.pg_sequence s
        cross join pg_catalog.jsonb_each(pg_catalog.jsonb_build_object(
            'increment', s.seqincrement, 'minimum', s.seqmin, 'maximum', s.seqmax,
            'start', s.seqstart
        )) f
        where s.seqrelid = entry.oid;
        select s.last_value, s.is_called, q.seqcycle into strict place
        from pg_catalog.pg_sequence q
        cross join bondreplicate.sequence_state(entry.schema_name, entry.sequence_name) s
        where q.seqrelid = entry.oid;
        select u.low, u.high into strict used
        from bondreplicate.sequence_used(
            entry.oid, (back ->> 'minimum')::bigint, (back ->> 'maximum')::bigint
        ) u;
        upcoming := place.last_value;
        if place.is_called then
            upcoming := upcoming + (back ->> 'increment')::numeric;
        end if;
        edge := case when (back ->> 'increment')::bigint > 0 then used.high else used.low end;
        if not place.seqcycle
            and (edge - upcoming) * pg_catalog.sign((back ->> 'increment')::numeric) >= 0 then
            upcoming := edge + (back ->> 'increment')::numeric;
        end if;
        restart := case
            when upcoming between (back ->> 'minimum')::numeric and (back ->> 'maximum')::numeric
            then 'restart with ' || upcoming else '' end;
        execute pg_catalog.format(
            'alter sequence %I.%I increment by %s minvalue %s maxvalue %s start with %s %s',
            entry.schema_name, entry.sequence_name, back ->> 'increment', back ->> 'minimum',
            back ->> 'maximum', back ->> 'start', restart
        );
        restored := restored + 1;
    end loop;
    update bondreplicate.replicate_sequence r
    set aligned = r.aligned || '{"released": true}', aligned_at = pg_catalog.clock_timestamp()
    where not coalesce((r.aligned ->> 'released')::boolean, false);
    return restored;
end
$$;
comment on function bondreplicate.restore_sequences() is
'gives aligned sequences back their own definition; part of replicate_down()';
