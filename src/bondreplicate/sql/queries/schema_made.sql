insert into bondreplicate.replicate_structure (number, name, checksum) values (%s, %s, %s)
