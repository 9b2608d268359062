"""Packs: modules as they are shipped. Read from files, signed, brought up to date.

The one rule: a pack is judged by what it says; who vouches for it is told, never believed silently.
"""
