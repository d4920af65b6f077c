-- Whether the row has arrived.
select true from public.probe where id = %(id)s
