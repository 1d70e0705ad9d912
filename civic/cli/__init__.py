"""The command line: a file a group of commands. They parse, call one action or query, and print."""
