-- For good: it is written down, because what gave it away may be overtaken.
insert into bondreplicate.replicate_proof as p (site, refused, culprit)
values (%(site)s, %(refused)s, %(culprit)s)
on conflict (site) do update set refused = excluded.refused, culprit = excluded.culprit
where p.refused is null
