update bondreplicate.replicate_state set tables_revision = tables_revision + 1
returning tables_revision
