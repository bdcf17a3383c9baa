"""The map and its JSON API."""
