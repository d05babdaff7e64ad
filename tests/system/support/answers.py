"""What answers of the programs must be."""


def problem(answer, status, code):
    """Fails unless it is this problem (RFC 9457); what it says."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert (answer.json()["code"], answer.json()["status"]) == (code, status)
    return answer.json()
