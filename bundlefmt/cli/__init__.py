"""The command line: one verb, one file. `main` alone turns errors into text and exit codes."""
