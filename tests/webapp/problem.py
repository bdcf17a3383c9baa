"""Check that an answer is a problem (RFC 9457)."""

from typing import Any


def assert_problem(response: Any, status: int, *words: str) -> None:
    """Check the status, the content type, and that the detail contains the words."""
    assert response.status_code == status, response.text
    assert response.content_type == "application/problem+json"
    problem = response.get_json()
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    for word in words:
        assert word in problem["detail"], problem["detail"]


def invalid_fields(response: Any) -> list[str]:
    """Return the fields that a 422 names."""
    assert_problem(response, 422)
    return [error["field"] for error in response.get_json()["errors"]]
