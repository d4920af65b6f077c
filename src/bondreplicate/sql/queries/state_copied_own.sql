-- In a copy: what the other site had applied of this
-- number is of no meaning to the database that has it now.
delete from bondreplicate.replicate_position where site = %(site)s
