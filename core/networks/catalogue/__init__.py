"""What is registered, one module per family; loads neither torch nor sklearn."""
