"""Speed of the page, the API and the vector tiles."""
