"""The server: composition root, authentication, routes, and the file that says where it runs."""
