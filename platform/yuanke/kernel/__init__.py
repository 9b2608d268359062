"""What every layer may know: who acts, for whom, what went wrong, what time it is, and the hooks between layers."""
