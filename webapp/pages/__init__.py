"""The pages: the built front end, the API reference, and the imagery that the map may show."""
