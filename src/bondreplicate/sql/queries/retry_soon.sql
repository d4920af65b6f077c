-- Lets changes that wait at a site be tried again with the next batch, all of them.
-- source: of one site only; null: of all.
update bondreplicate.replicate_parked as p
set refused = false
where p.refused and (%(source)s::smallint is null or p.source = %(source)s::smallint)
