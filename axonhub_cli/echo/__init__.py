"""The embedded provider of channel type `echo`: Anthropic Messages without a model or a network."""
