with new as (
    insert into public.customers (email, name) values ('ada@example.org', 'Ada L.') returning id
)
insert into public.orders (customer) select id from new
