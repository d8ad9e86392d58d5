"""The commands, one module each, and how the terminal speaks. May use every other room."""
