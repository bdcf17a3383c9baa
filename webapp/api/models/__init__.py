"""Parameters and answers of the API, as pydantic models: the checks that run before SQL, and the OpenAPI text."""
