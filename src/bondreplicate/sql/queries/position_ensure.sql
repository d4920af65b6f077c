-- Notes that a site was served: what is forgotten while it is out is known to be missing there.
insert into bondreplicate.replicate_position (site, forgotten)
values (%(site)s, bondreplicate.forgotten_here()) on conflict do nothing
