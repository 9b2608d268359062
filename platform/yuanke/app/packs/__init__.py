"""Packs: modules as they are shipped. Read from files, tried on an enterprise of their own, signed, brought up to date.

The one rule: a pack is judged by what it says and by what it does in a throw-away enterprise; nothing of it needs to be
believed.
"""
