and not ( -- one of what a hook made alike at two sites is told to have given way
                c.alike and c.repair > 0 and (c.m_stamp, c.m_repair) <> (c.stamp, c.repair)
            )
