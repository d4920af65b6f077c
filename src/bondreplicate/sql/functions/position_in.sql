-- The snapshot that a vector of positions holds for a
-- site; one that shows nothing where it holds none.
create or replace function bondreplicate.position_in(vector jsonb, site smallint)
returns pg_snapshot
language sql
immutable
parallel safe
as $$ select coalesce(vector ->> site::text, '1:1:')::pg_snapshot $$;
comment on function bondreplicate.position_in(jsonb, smallint) is
'a site''s snapshot in a vector of positions';
