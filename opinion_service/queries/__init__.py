"""The read side: frozen rows, ordered, paged, scoped to the actor."""
