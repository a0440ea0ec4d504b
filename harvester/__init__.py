"""Archipel: harvest citizen and transition initiatives into one linked-data federation.

The rooms, from the top of the house to its foundations, are listed in
docs/explanation/rooms.md; the import contract in pyproject.toml enforces them.
"""

__version__ = "0.1.0"
