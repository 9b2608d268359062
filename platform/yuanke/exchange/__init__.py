"""Tables in and out: files that people bring are read with suspicion, files that people take show only what a list
shows."""
