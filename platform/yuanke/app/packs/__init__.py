"""Packs on trial: everything that can be tried of them in an enterprise of its own.

The one rule: a pack is judged by what it does in a throw-away enterprise; nothing of it needs to be believed.
"""
