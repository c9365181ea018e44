"""Edits of a request that a channel asks for: paths, variables, conditions, and how they apply.

Pure: the proxy says what the request is (`Facts`), and sends what comes out.
"""
