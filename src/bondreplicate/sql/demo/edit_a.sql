update public.products set price = 9.00 where name = 'Ink'
