update public.products set price = 9.90 where name = 'Ink'
