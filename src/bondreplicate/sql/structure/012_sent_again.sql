-- A change that waited here counts as known to be here: its origin may have forgotten it, and takes
-- an older one that was made here meanwhile. So what waited is sent again where it wins.
alter table bondreplicate.replicate_parked
add column again boolean not null default false;
comment on column bondreplicate.replicate_parked.again is
'an older change made here, which the origin had not seen, was forgotten while this one waited: it '
'is sent again, as a repair, when it is applied';
