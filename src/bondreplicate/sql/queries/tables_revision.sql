select bondreplicate.tables_now()
