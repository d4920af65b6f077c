-- In a copy: what the site that was copied could not read is no matter here.
delete from bondreplicate.replicate_unread
