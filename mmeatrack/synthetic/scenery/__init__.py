"""World of a sequence: ground, roads, buildings, plants and overhead objects."""
