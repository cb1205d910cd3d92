"""A request's filter: nodes, parse, bind, and the reference interpreter `evaluate`."""
