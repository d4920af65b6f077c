-- Triggers of one table.
-- CREATE TRIGGER takes SHARE ROW EXCLUSIVE on it: writers wait, readers do not.
revoke all on function bondreplicate.{function}() from public;
drop trigger if exists bondreplicate_insert on {table};
drop trigger if exists bondreplicate_update on {table};
drop trigger if exists bondreplicate_delete on {table};
drop trigger if exists bondreplicate_truncate on {table};
drop trigger if exists bondreplicate_key on {table};
create trigger bondreplicate_insert after insert on {table}
referencing new table as bond_new for each statement execute function bondreplicate.{function}();
create trigger bondreplicate_update after update on {table}
referencing new table as bond_new for each statement execute function bondreplicate.{function}();
create trigger bondreplicate_delete after delete on {table}
referencing old table as bond_old for each statement execute function bondreplicate.{function}();
create trigger bondreplicate_truncate after truncate on {table}
for each statement execute function bondreplicate.{function}();
create trigger bondreplicate_key after update on {table}
for each row when ({key_changed}) execute function bondreplicate.{function}();
