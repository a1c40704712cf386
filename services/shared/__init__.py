"""What several services share: result shapes, actors, the wrapper, storage."""
