"""Numbers with what they count."""


def counted(number: int, one: str, more: str = "") -> str:
    """1 picture, 25,000 pictures; `more` is the plural where it is not `one` with an s."""
    return f"{number:,} {one if number == 1 else more or one + 's'}"
