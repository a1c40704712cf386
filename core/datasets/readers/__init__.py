"""One module per file format; `core.datasets.readers.registry` lists them all."""
