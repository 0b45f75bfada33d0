"""Bytes on the wire: CBOR profile, fixed tables, zstd frames, padding, signed bytes. No cryptography, no I/O."""
