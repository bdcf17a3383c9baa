"""From patch vectors to comparable tile vectors: post-processing, aggregation, bias removal and layout, on arrays."""
