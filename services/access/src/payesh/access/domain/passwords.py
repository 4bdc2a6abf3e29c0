"""Rules for passwords: length matters, required kinds of characters do not (NIST SP 800-63B)."""

PASSWORD_MIN_LENGTH = 12
PASSWORD_MAX_LENGTH = 256
"""A bound on the work of one request: Argon2id itself hashes any length."""


def password_fault(password: str, username: str) -> str | None:
    """Why a password is refused, or None."""
    if len(password) < PASSWORD_MIN_LENGTH:
        return f"a password has at least {PASSWORD_MIN_LENGTH} characters"
    if len(password) > PASSWORD_MAX_LENGTH:
        return f"a password has at most {PASSWORD_MAX_LENGTH} characters"
    if username.casefold() in password.casefold():
        return "a password does not contain the username"
    if len(set(password)) < 5:
        return "a password has at least 5 different characters"
    return None
