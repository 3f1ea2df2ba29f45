"""What a file dialog offers."""

from collections.abc import Iterable

ANY = "All files (*)"


def file_filter(title: str, endings: Iterable[str]) -> str:
    """Files of these endings first, such as ".png"; any other file can be chosen too."""
    return f"{title} ({' '.join(f'*{ending}' for ending in endings)});;{ANY}"
