-- `verify` found the same rows here as at a site with these first starts.
update bondreplicate.replicate_state as s
set lineages = array(select l from unnest(s.lineages || %(lineages)s::uuid[]) as l group by l)
where not s.lineages @> %(lineages)s::uuid[]
