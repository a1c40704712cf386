"""Sign-in, guard, REST edges and keys over real databases and HTTP."""
