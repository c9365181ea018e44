"""A local AI gateway: coding agents on one side, any provider on the other.

Read the package in this order:

    cli/        what a user types
    daemon/     the server: composition root, authentication, routes
    proxy/      one request from end to end
    routing/    which channel gets it, and why               (pure)
    protocols/  the wire formats                             (pure)
    config/     the configuration file and the secrets
    tracing/    what went through, written off the request path
    echo/       the embedded provider that answers without a network

`errors`, `jsonio` and `providers` stand below them all.
"""

__version__ = "0.1.0"
