alter sequence {sequence} cache {cache}
