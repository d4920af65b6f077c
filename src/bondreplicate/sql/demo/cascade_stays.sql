select
    (select count(*) from public.orders where id = 8) as orders,
    (select count(*) from public.order_lines where orders = 8) as lines
