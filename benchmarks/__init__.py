"""Measures the platform on the common work of a CRM, beside what the bare driver and a bare view need for it."""
