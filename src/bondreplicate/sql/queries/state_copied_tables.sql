-- In a copy: tables have other oids. What the other site owes, and has to log, is its own affair.
update bondreplicate.replicate_tables
set relid = null, active = active and not owed, owed = false, triggers = null, gap_stamp = null,
    gap_xid = null
