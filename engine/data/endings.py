"""What the names of files end in that are read here. Plain; compared in lower case."""

PICTURES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".bmp", ".dib", ".webp", ".tif", ".tiff"),
    *(".pbm", ".pgm", ".ppm", ".pnm", ".jp2", ".avif"),
)
UNREAD_PICTURES = (".heic", ".heif")
"""Not read, but a folder of them should say so rather than look empty."""

ZIPS = (".zip",)
TABLES = (".csv", ".tsv")
MANIFESTS = (".json",)
SOURCES = (*ZIPS, *TABLES, *MANIFESTS)
"""Files that hold no picture but name or hold many: something to learn from."""
OTHER_ARCHIVES = (".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar")
"""Not read in place: one unpacks them."""
