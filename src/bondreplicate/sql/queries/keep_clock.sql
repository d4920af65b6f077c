select bondreplicate.keep_clock()
