select bondreplicate.take_over()
