"""Reading, writing and inspecting bundles."""
