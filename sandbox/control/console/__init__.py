"""The scenario console at ``/``: a page for people, with forms that work without scripts."""
