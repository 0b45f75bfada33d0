"""Helpers of the tests: a publisher in memory, forged bundles, and small independent decoders."""
