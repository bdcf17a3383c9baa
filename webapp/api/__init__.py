"""The JSON API, /api/v1: routes, models, exports and the OpenAPI document."""
