from axonhub_cli.config.schema import Channel
from axonhub_cli.proxy.quirks_of import quirk_steps


def test_each_quirk_that_changes_something_is_named_with_what_it_makes() -> None:
    body = {"model": "m", "metadata": {"user_id": "u"}, "messages": []}
    steps = list(quirk_steps(Channel(name="c", type="deepseek"), "anthropic", "m", body))
    assert [name for name, *_ in steps] == ["drop user id"]
    (_, before, after) = steps[0]
    assert (before, "metadata" in after) == (body, False)


def test_a_quirk_for_some_models_only_is_called_by_its_own_name() -> None:
    body = {"model": "m", "reasoning_effort": "high", "max_completion_tokens": 9, "messages": []}
    steps = quirk_steps(Channel(name="c", type="deepseek"), "openai_chat", "m", body)
    names = [name for name, *_ in steps]
    assert "use max tokens" in names
    assert not {"unless", "only", "limited", ""} & set(names)


def test_what_is_relayed_as_it_came_has_no_quirks() -> None:
    plain = Channel(name="c", type="anthropic")
    assert list(quirk_steps(plain, "anthropic", "m", {"metadata": {"user_id": "u"}})) == []
    assert list(quirk_steps(Channel(name="c", type="deepseek"), "anthropic", "m", "text")) == []
