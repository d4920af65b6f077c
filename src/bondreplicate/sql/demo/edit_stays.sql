select name, price from public.products where name = 'Ink'
