"""What the dialect knows: each key with its meaning, its shape and an example, said once for checker, editors and reference."""
