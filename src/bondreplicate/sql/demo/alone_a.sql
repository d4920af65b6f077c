insert into public.customers (email, name)
select 'office' || n || '@example.org', 'Written at the office' from generate_series(1, 200) as n
