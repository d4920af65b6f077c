alter sequence {sequence}
    increment by {increment}
    minvalue {minimum}
    maxvalue {maximum}
    start with {start}
