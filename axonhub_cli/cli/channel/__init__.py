"""`axonhub channel`: the upstreams, and everything that can be done with them."""

from axonhub_cli.cli.commands import Table, noun

_HERE = "axonhub_cli.cli.channel"

VERBS: Table = {
    "add": (f"{_HERE}.add:add", "Add a channel: its token is asked for, and it is tested."),
    "list": (f"{_HERE}.show:list_channels", "List the channels."),
    "show": (f"{_HERE}.show:show", "Show one channel."),
    "types": (f"{_HERE}.types:types", "List the types that `channel add --type` takes."),
    "test": (f"{_HERE}.probe:test", "Send one real small request."),
    "edit": (f"{_HERE}.edit:edit", "Change a channel."),
    "enable": (f"{_HERE}.edit:enable", "Let requests go to a channel (again)."),
    "disable": (f"{_HERE}.edit:disable", "Send no more requests to a channel."),
    "remove": (f"{_HERE}.edit:remove", "Remove a channel and its tokens."),
    "rename": (f"{_HERE}.edit:rename", "Give a channel another name."),
    "models": (f"{_HERE}.models:models", "List a channel's models, or change the list."),
    "override": (f"{_HERE}.override:override", "Edit the requests that go to a channel."),
    "token": (f"{_HERE}.token:token", "List, add or remove a channel's tokens."),
}

app = noun("Upstreams: the providers that requests are sent to.", verbs=VERBS)
