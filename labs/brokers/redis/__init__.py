"""Redis: client, admin, and its ways to carry messages; fast/ has the same without a library."""
