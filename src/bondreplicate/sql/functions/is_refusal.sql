-- Whether an error with this SQLSTATE means that the server refuses a row, which then has to wait
-- by itself; any code may, since users' own functions raise what they like. Others go away by
-- trying again, or nothing can be done about them row by row: lost connections (08), a server that
-- is read-only (25), conflicts between transactions (40, 55P03), no space or memory (53), being
-- stopped (57), the disk (58), a snapshot too old (72), configuration (F0), the server itself (XX),
-- and what bondreplicate raises (BR). A batch that has failed with them again and again is stubborn
-- (see apply_batch): then a function may have raised them, and they are refusals too.
create or replace function bondreplicate.is_refusal(code text)
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
select left(code, 2) <> 'BR' and (
    current_setting('bondreplicate.stubborn', true) is not distinct from 'on'
    or code <> '55P03'
    and left(code, 2) not in ('08', '25', '40', '53', '57', '58', '72', 'F0', 'XX')
)
$$;
comment on function bondreplicate.is_refusal(text) is
'whether a SQLSTATE means that the server refuses a row';
