-- One number that changes when tables, columns, indexes,
-- constraints, casts, capture triggers or replicate_tables change, or a table can be merged by row
-- again.
select sum(hashtextextended(f.fact, 0)) from (
    select format('c %s %s', c.oid, c.xmin) from pg_class as c
    where c.oid >= 16384 and c.relkind in ('r', 'p', 'f')
    union all
    select format('a %s %s %s', a.attrelid, a.attnum, a.xmin) from pg_attribute as a
    where a.attrelid >= 16384 and a.attnum > 0
    union all
    select format('i %s %s', i.indexrelid, i.xmin) from pg_index as i where i.indexrelid >= 16384
    union all
    select format('k %s %s', k.oid, k.xmin) from pg_constraint as k where k.oid >= 16384
    union all
    select format('g %s %s', g.oid, g.xmin) from pg_trigger as g where g.tgname ~ '^bondreplicate_'
    union all
    select format('m %s', m.id) from bondreplicate.unmerged_tables() as m (id)
    union all
    select format('x %s %s', x.oid, x.xmin) from pg_cast as x where x.oid >= 16384
    union all
    select format('h %s %s', p.oid, p.xmin) from bondreplicate.replicate_tables as t
    join pg_proc as p
        on p.oid = to_regprocedure(t.hook || '(text[],jsonb,jsonb,jsonb,jsonb)')
    union all
    select format('t %s %s', t.id, t.xmin) from bondreplicate.replicate_tables as t
) as f (fact)
