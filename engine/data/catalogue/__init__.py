"""The sources that can be downloaded, and what is made of their files."""
