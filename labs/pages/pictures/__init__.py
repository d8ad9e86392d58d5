"""The pictures of a page and of a notebook: the frame around one, its JavaScript, and those that the book shows."""
