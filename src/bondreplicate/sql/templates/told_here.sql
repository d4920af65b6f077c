and bondreplicate.is_told(me, c.source, c.lost, c.maker, c.xid)
