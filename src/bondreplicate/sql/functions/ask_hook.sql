-- What a user's function makes of two concurrent changes of a row; the later one comes first, at
-- every site. Rows are objects of texts, null where the row was deleted; what is returned likewise.
-- Key columns, and columns that are left out, are as in the later row, or the one that there is.
-- problem: why the result cannot be used; null: it can. What it writes would be at this site alone.
-- The server refuses that to a function that is not volatile, and here to those that it calls too.
-- Errors: those that trying again may mend.
create or replace function bondreplicate.ask_hook(
    hook text, key text [], key_columns name [], columns name [], later text [], earlier text [],
    later_version jsonb, earlier_version jsonb, out vals text [], out problem text
)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    asked constant regprocedure := to_regprocedure(hook || '(text[],jsonb,jsonb,jsonb,jsonb)');
    known constant text [] := columns::text [];
    row_now constant text [] := coalesce(later, earlier);
    result jsonb;
    stray text;
begin
    if asked is null then
        problem := format('function %s is not there', hook);
        return;
    end if;
    -- Until the end of this block, which has a subtransaction of its own.
    perform set_config('transaction_read_only', 'on', true);
    execute format('select %s($1, $2, $3, $4, $5)', asked::oid::regproc)
    into result
    using key, jsonb_object(known, later), jsonb_object(known, earlier), later_version,
        earlier_version;
    if result is null or result = 'null' then
        return;
    end if;
    if jsonb_typeof(result) <> 'object' then
        problem := format('%s returned no object but %s', hook, left(result::text, 100));
        return;
    end if;
    select k.name into stray from jsonb_object_keys(result) as k (name)
    where k.name <> all (known) limit 1;
    if found then
        problem := format('%s returned a column %I, which does not travel', hook, stray);
        return;
    end if;
    vals := array(
        select case
            when result ? c.name and c.name <> all (key_columns::text []) then result ->> c.name
            else row_now[c.place]
        end
        from unnest(known) with ordinality as c (name, place) order by c.place
    );
exception
    when read_only_sql_transaction then
        vals := null;
        problem := format('%s failed: %s', hook, sqlerrm);
    when others or assert_failure or query_canceled then
        if not bondreplicate.is_refusal(sqlstate) then
            raise;
        end if;
        vals := null;
        problem := format('%s failed: %s', hook, sqlerrm);
end
$$;
comment on function bondreplicate.ask_hook(
    text, text [], name [], name [], text [], text [], jsonb, jsonb
) is
'what a user''s function makes of two concurrent changes of a row';
