-- Every ordinary, partitioned or foreign table of users
-- with all that capture and apply need to know. Reads catalogs only.
-- Names of types, operators and expressions are qualified, because search_path is pg_catalog.
-- pg_get_expr() and pg_get_indexdef() lock the table in newer releases. One that somebody keeps for
-- himself is told as `hidden` where it has any; what begins to wait in the moment between gives up.
with patience as materialized (select set_config('lock_timeout', '250ms', true)),
locked as materialized (
    select distinct l.relation from pg_locks as l
    where l.locktype = 'relation' and l.mode = 'AccessExclusiveLock'
        and l.pid is distinct from pg_backend_pid()
        and l.database = (select d.oid from pg_database as d where d.datname = current_database())
),
tables as materialized (
    select c.oid, n.nspname, c.relname, c.relkind, c.relpersistence, c.relispartition,
        c.relnatts,
        exists (select from pg_inherits i where i.inhparent = c.oid) as has_children,
        exists (select from pg_inherits i where i.inhrelid = c.oid) as is_child,
        c.oid in (select l.relation from locked as l) as locked
    from patience
    cross join pg_class as c
    join pg_namespace as n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'f') and c.oid >= 16384
        and n.nspname not in ('bondreplicate', 'information_schema') and n.nspname !~ '^pg_'
        and c.relpersistence <> 't'
        and not exists (
            select from pg_depend as d
            where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
        )
),
columns as (
    select a.attrelid, jsonb_agg(jsonb_build_object(
        'name', a.attname,
        -- With a collation that takes different texts for equal, wherever a value is cast.
        'type', format_type(a.atttypid, -1) || coalesce(
            (select format(' collate %I.%I', ln.nspname, l.collname)
            from pg_collation as l join pg_namespace as ln on ln.oid = l.collnamespace
            where l.oid = a.attcollation and not l.collisdeterministic), ''
        ),
        'stored', case
            when y.typtype = 'd' then format_type(y.typbasetype, y.typtypmod)
            else format_type(a.atttypid, a.atttypmod)
        end,
        'generated', a.attgenerated <> '',
        'always', a.attidentity = 'a', 'hashable', coalesce(h.hashable, false),
        'number', a.attnum, 'not_null', a.attnotnull, 'of_users', b.oid >= 16384,
        'text_cast', b.oid >= 16384 and exists (
            select from pg_cast as k
            where k.castsource = 'text'::regtype and k.castmethod = 'f'
                and k.casttarget in (y.oid, b.oid, b.typbasetype)
                and not exists (
                    select from pg_depend as e
                    where e.classid = 'pg_cast'::regclass and e.objid = k.oid and e.deptype = 'e'
                )
        ),
        'expression', case
            when a.attgenerated <> '' and not t.locked then pg_get_expr(d.adbin, d.adrelid)
        end
    ) order by a.attnum) as list, bool_or(t.locked and a.attgenerated <> '') as hidden
    from tables as t
    join pg_attribute as a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
    join pg_type as y on y.oid = a.atttypid
    join pg_type as b on b.oid = case when y.typtype = 'd' then y.typbasetype else y.oid end
    left join pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
    left join lateral (
        select true as hashable from pg_opclass as o
        join pg_am as m on m.oid = o.opcmethod and m.amname = 'hash'
        where o.opcdefault
            and o.opcintype = case
                when y.typtype = 'd' then y.typbasetype
                when y.typtype = 'e' then 'anyenum'::regtype
                when y.typname in ('varchar') then 'text'::regtype
                else y.oid
            end
        limit 1
    ) as h on true
    group by a.attrelid
),
indexes as (
    select i.indrelid, i.indexrelid, x.relname, i.indisprimary, i.indisreplident, i.indimmediate,
        i.indisexclusion, i.indpred is not null or i.indexprs is not null as special,
        i.indnkeyatts, i.indnullsnotdistinct,
        t.locked and (i.indpred is not null or i.indexprs is not null) as hidden,
        case when not t.locked then pg_get_expr(i.indpred, i.indrelid) end as predicate,
        bool_and(coalesce(a.attnotnull, false)) as not_null,
        jsonb_agg(jsonb_build_object(
            'expression', case
                when a.attname is not null then quote_ident(a.attname)
                when not t.locked then pg_get_indexdef(i.indexrelid, k.n, false)
            end,
            'column', a.attname,
            'operator', coalesce(xo.name, eq.name)
        ) order by k.n) as parts
    from tables as t
    join pg_index as i
        on i.indrelid = t.oid and (i.indisunique or i.indisexclusion) and i.indisvalid
    join pg_class as x on x.oid = i.indexrelid
    cross join lateral generate_series(1, i.indnkeyatts::int) as k (n)
    join pg_opclass as o on o.oid = i.indclass[k.n - 1]
    left join pg_attribute as a
        on a.attrelid = t.oid and a.attnum = i.indkey[k.n - 1] and a.attnum > 0
    left join pg_constraint as con on con.conindid = i.indexrelid and con.contype = 'x'
    left join lateral (
        select format('operator(%I.%s)', n.nspname, p.oprname) as name
        from pg_amop as m
        join pg_operator as p on p.oid = m.amopopr
        join pg_namespace as n on n.oid = p.oprnamespace
        where m.amopfamily = o.opcfamily and m.amopstrategy = 3
            and m.amoplefttype = o.opcintype and m.amoprighttype = o.opcintype
    ) as eq on true
    left join lateral (
        select format('operator(%I.%s)', n.nspname, p.oprname) as name
        from pg_operator as p
        join pg_namespace as n on n.oid = p.oprnamespace
        where p.oid = con.conexclop[k.n]
    ) as xo on true
    group by i.indrelid, i.indexrelid, x.relname, i.indisprimary, i.indisreplident, i.indimmediate,
        i.indisexclusion, i.indpred, i.indexprs, i.indnkeyatts, i.indnullsnotdistinct, t.locked
),
uniques as (
    select indrelid, jsonb_agg(jsonb_build_object(
        'name', relname, 'primary', indisprimary, 'identity', indisreplident,
        'immediate', indimmediate, 'exclusion', indisexclusion, 'special', special,
        'predicate', predicate, 'nulls_equal', indnullsnotdistinct, 'not_null', not_null,
        'parts', parts
    ) order by indisprimary desc, indisreplident desc, indnkeyatts, relname) as list,
        bool_or(hidden) as hidden
    from indexes
    group by indrelid
),
foreign_keys as (
    select k.conrelid, jsonb_agg(jsonb_build_object(
        -- What SET NULL may not set to null, or MATCH FULL not in a part of its columns, is as with
        -- NO ACTION: the delete has to lose.
        'name', k.conname, 'action', case
            when k.confdeltype <> 'n' or x.may_clear then k.confdeltype else 'a'
        end,
        'clears', x.clears, 'defaults', x.defaults, 'full', k.confmatchtype = 'f',
        'parent_schema', pn.nspname, 'parent_table', p.relname,
        'columns', x.columns, 'parent_columns', x.parents, 'operators', x.operators
    ) order by k.conname) as list, bool_or(x.hidden) as hidden
    from tables as t
    join pg_constraint as k
        on k.conrelid = t.oid and k.contype = 'f' and k.conparentid = 0 and k.convalidated
        and not coalesce((to_jsonb(k) ->> 'conperiod')::boolean, false) -- since PostgreSQL 18
    join pg_class as p on p.oid = k.confrelid
    join pg_namespace as pn on pn.oid = p.relnamespace
    cross join lateral (
        select jsonb_agg(a.attname order by u.n) as columns,
            coalesce(jsonb_agg(a.attname order by u.n) filter (where c.clear), '[]') as clears,
            coalesce(jsonb_agg(
                case when not t.locked then pg_get_expr(d.adbin, d.adrelid) end order by u.n
            ) filter (where c.clear), '[]') as defaults,
            bool_or(c.clear and t.locked and d.adbin is not null) as hidden,
            coalesce(bool_and(not a.attnotnull) filter (where c.clear), true)
            and (k.confmatchtype <> 'f' or bool_and(c.clear)) as may_clear,
            jsonb_agg(b.attname order by u.n) as parents,
            jsonb_agg(format('operator(%I.%s)', n.nspname, o.oprname) order by u.n) as operators
        from unnest(k.conkey, k.confkey, k.conpfeqop)
            with ordinality as u (child, parent, operator, n)
        join pg_attribute as a on a.attrelid = k.conrelid and a.attnum = u.child
        left join pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
        cross join lateral (
            select u.child = any (coalesce(k.confdelsetcols, k.conkey)) as clear
        ) as c
        join pg_attribute as b on b.attrelid = k.confrelid and b.attnum = u.parent
        join pg_operator as o on o.oid = u.operator
        join pg_namespace as n on n.oid = o.oprnamespace
    ) as x
    group by k.conrelid
),
-- What ties columns: constraints, unique indexes with their expressions and predicates (that is
-- in pg_depend), generated columns (in pg_depend too, of the column or of its expression).
ties as (
    select k.conrelid as relid, format('k %s', k.oid) as tie, unnest(k.conkey) as number
    from tables as t
    join pg_constraint as k
        on k.conrelid = t.oid and k.contype in ('c', 'f', 'u', 'x') and k.conkey is not null
    union
    select i.indrelid, format('i %s', i.indexrelid), unnest(i.indkey::smallint [])
    from tables as t
    join pg_index as i on i.indrelid = t.oid and (i.indisunique or i.indisexclusion)
    union
    select i.indrelid, format('i %s', i.indexrelid), d.refobjsubid
    from tables as t
    join pg_index as i on i.indrelid = t.oid and (i.indisunique or i.indisexclusion)
    join pg_depend as d on d.classid = 'pg_class'::regclass and d.objid = i.indexrelid
        and d.refclassid = 'pg_class'::regclass and d.refobjid = t.oid
    union
    select a.attrelid, format('g %s', a.attnum), unnest(array[a.attnum, e.refobjsubid])
    from tables as t
    join pg_attribute as a on a.attrelid = t.oid and a.attgenerated <> '' and not a.attisdropped
    join pg_attrdef as f on f.adrelid = a.attrelid and f.adnum = a.attnum
    join pg_depend as e on e.refclassid = 'pg_class'::regclass and e.refobjid = t.oid
        and e.refobjsubid > 0 and (
            e.classid = 'pg_attrdef'::regclass and e.objid = f.oid
            or e.classid = 'pg_class'::regclass and e.objid = t.oid and e.objsubid = a.attnum
        )
),
together as (
    select n.relid, jsonb_agg(n.names order by n.names) as list
    from (
        -- The number 0 is that of the row as a whole.
        select s.relid, s.tie, jsonb_agg(distinct a.attname order by a.attname) as names
        from ties as s
        join pg_attribute as a on a.attrelid = s.relid and a.attnum > 0 and not a.attisdropped
            and (a.attnum = s.number or s.number = 0 and s.tie ~ '^k')
        group by s.relid, s.tie
        having count(distinct a.attnum) > 1
    ) as n
    group by n.relid
)
select t.oid::bigint, t.nspname as schema_name, t.relname as table_name, t.relkind::text as kind,
    t.relpersistence::text as persistence, t.relispartition as is_partition, t.has_children,
    t.is_child, exists (
        select from pg_constraint as k
        where t.oid in (k.conrelid, k.confrelid) and k.contype = 'f'
            and (to_jsonb(k) ->> 'conperiod')::boolean
    ) as has_period, coalesce(c.list, '[]') as columns, coalesce(u.list, '[]') as uniques,
    coalesce(f.list, '[]') as foreign_keys,
    coalesce(c.hidden, false) or coalesce(u.hidden, false) or coalesce(f.hidden, false) as hidden,
    coalesce(g.list, '[]') as together, t.relnatts as width
from tables as t
left join columns as c on c.attrelid = t.oid
left join uniques as u on u.indrelid = t.oid
left join foreign_keys as f on f.conrelid = t.oid
left join together as g on g.relid = t.oid
order by t.nspname, t.relname
