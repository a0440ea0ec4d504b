"""Room: a store that lasts: what is copied away, what is forgotten in time, what is looked after."""
