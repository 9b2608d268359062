"""What the dialect knows: each key, its meaning, shape and example, said once for checker, editors and reference."""
