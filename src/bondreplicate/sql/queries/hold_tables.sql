select bondreplicate.hold_tables()
