"""The service layer: plain data in, plain data out."""
