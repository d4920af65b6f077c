delete from public.orders where id = 8
