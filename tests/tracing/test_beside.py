from axonhub_cli.tracing.beside import is_beside


def test_a_known_agent_is_believed_and_so_is_who_says_it_himself() -> None:
    for client, said in (("claude-code", None), ("opencode", None), ("unknown", "auxiliary")):
        assert is_beside("web_search", client, said, other_conversation=False)
    assert is_beside("count_tokens", "unknown", None, other_conversation=False)


def test_of_anybody_else_only_an_agents_own_words_count_and_only_beside_a_conversation() -> None:
    for side, other in (("title", True), ("topic", True)):
        assert is_beside(side, "openai-sdk", None, other_conversation=other)  # type: ignore[arg-type]
    assert not is_beside("title", "openai-sdk", None, other_conversation=False)
    for may_be_a_question in ("web_search", "quota"):
        assert not is_beside(may_be_a_question, None, None, other_conversation=True)  # type: ignore[arg-type]
