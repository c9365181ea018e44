"""The configuration file, the secrets it refers to, and where both live."""
