"""Limits for the other tests: all their clients are one address and in a hurry. A test of limits sets its own."""

LIMITS = [
    *("LOGIN_ADDRESS", "LOGIN_ACCOUNT", "PASSWORD_ACCOUNT", "CODE_ADDRESS", "CODE_ACCOUNT", "SIGN_UP_ADDRESS"),
    *("MAIL_ADDRESS", "MAIL_ACCOUNT", "SECRET_ADDRESS", "LINK_ADDRESS", "REFRESH_ADDRESS", "CLIENT_ADDRESS"),
    *("CLAIM_ADDRESS", "CLAIM_ACCOUNT", "SHARE_ADDRESS", "SHARE_ACCOUNT"),
]
ROOMY = {f"AUTH_LIMIT_{limit}": "1000000/1s" for limit in LIMITS} | {"AUTH_LIMIT_BACKOFF": "0"}
