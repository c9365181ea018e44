"""Makes another protocol's request one that the Messages API takes: hub to hub, losses stated."""
