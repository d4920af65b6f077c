select f.lost_key, f.why from {function}() as f where f.made_here
