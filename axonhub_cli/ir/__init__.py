"""What a conversation is, in no protocol's words: the hub between the wire formats. Pure."""
