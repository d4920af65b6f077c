-- A table is released, and its changes of before are still sent.
update bondreplicate.replicate_tables set active = true, owed = true, reason = %(reason)s
where id = %(id)s
