"""The generator of the test vectors, see ../make_vectors.py."""
