"""Builder of the bundlefmt test vectors, apart from any reader or writer of the format."""
