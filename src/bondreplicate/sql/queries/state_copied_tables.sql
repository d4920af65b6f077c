-- In a copy: tables have other oids.
update bondreplicate.replicate_tables set relid = null
