"""Measures bundlefmt against peers that run side by side on the same data. See README.md."""
