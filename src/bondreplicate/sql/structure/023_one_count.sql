-- One row has one count, also for a transaction whose snapshot does not show the one there is: it
-- fails with 40001, or waits, where it would make another one. Keys are told by a hash: they may be
-- longer than an entry of an index.
delete from bondreplicate.replicate_counter as c using bondreplicate.replicate_counter as o
where o.tab = c.tab and o.hash = c.hash and o.key = c.key and o.ctid <> c.ctid
    and (o.base_stamp, o.base_site, o.totals, o.ctid)
        > (c.base_stamp, c.base_site, c.totals, c.ctid);
-- Room for a later version of an entry beside it.
alter table bondreplicate.replicate_counter set (fillfactor = 70);
create unique index replicate_counter_key
on bondreplicate.replicate_counter (tab, hash, hash_array_extended(key, 0));
drop index bondreplicate.replicate_counter_hash;
