"""The world of a sequence: ground, roads, buildings, plants, and what hangs over them."""
