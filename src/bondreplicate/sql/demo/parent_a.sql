delete from public.products where name = 'Lamp'
