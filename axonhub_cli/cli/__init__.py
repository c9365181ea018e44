"""What a user types: one module a noun, loaded when the noun is used."""
