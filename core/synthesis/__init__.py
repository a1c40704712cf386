"""Signal generators: journal bearings (11 classes) and rolling bearings, seeded and bit-reproducible."""
