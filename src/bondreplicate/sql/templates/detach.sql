drop trigger if exists bondreplicate_insert on {table};
drop trigger if exists bondreplicate_update on {table};
drop trigger if exists bondreplicate_delete on {table};
drop trigger if exists bondreplicate_truncate on {table};
drop trigger if exists bondreplicate_key on {table};
drop function if exists bondreplicate.{function}();
