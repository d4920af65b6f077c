-- Notes that a site was served: what is forgotten while it is out is known to be missing there.
insert into bondreplicate.replicate_position (site) values (%(site)s) on conflict do nothing
