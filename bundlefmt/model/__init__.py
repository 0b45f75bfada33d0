"""Frozen data: what decoded bytes mean. No cryptography, no I/O."""
