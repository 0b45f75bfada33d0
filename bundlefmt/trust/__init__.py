"""Who may sign what: thresholds and the chain of trust documents. No I/O."""
