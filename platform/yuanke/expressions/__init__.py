"""One parse, two runs: an expression on a record in Python, on a table in SQL, with the same answer."""
