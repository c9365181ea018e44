"""One request from end to end: the asynchronous shell around the pure core."""
