insert into public.customers (email, name)
select 'branch' || n || '@example.org', 'Written alone' from generate_series(1, 300) as n
