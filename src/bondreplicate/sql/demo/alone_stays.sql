select c.name, count(*) as customers, array_agg(distinct c.id % 10) as ids_end_in
from public.customers as c
where c.email like 'office%' or c.email like 'branch%'
group by c.name
order by c.name
