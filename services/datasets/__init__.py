"""The inner work of the data services: uploads, imports, listings, splits."""
