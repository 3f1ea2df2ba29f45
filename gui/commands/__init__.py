"""The commands that show a window: a module each. Imports without Qt, so that help is instant."""
