select bondreplicate.send_unread(%(tab)s::integer, %(site)s::smallint)
