select bondreplicate.stamp_back(%(ahead_max_s)s * interval '1 second')
