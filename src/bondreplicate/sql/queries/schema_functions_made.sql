insert into bondreplicate.replicate_structure (number, name, checksum) values (0, 'functions', %s)
on conflict (number) do update set checksum = excluded.checksum, made_at = clock_timestamp()
