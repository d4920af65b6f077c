select number, name, checksum from bondreplicate.replicate_structure order by number
