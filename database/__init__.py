"""Engine, sessions, Redis client, column types and migrations."""
