import pytest

from axonhub_cli.jsonio import Json
from axonhub_cli.protocols.charged import told_cost


@pytest.mark.parametrize(
    ("usage", "told"),
    [
        ({"cost": 0.00123}, {"cost": "0.00123"}),
        ({"cost": 1e-7}, {"cost": "0.0000001"}),
        ({"cost": 0}, {"cost": "0"}),
        # A key of the user's own: the fee, and what its provider takes.
        (
            {"cost": 0.05, "is_byok": True, "cost_details": {"upstream_inference_cost": 1.2}},
            {"cost": "1.25"},
        ),
        ({"cost": 0.05, "is_byok": True}, {"cost": "0.05"}),
        # Of what is not BYOK, the provider's part is in the cost.
        ({"cost": 0.05, "cost_details": {"upstream_inference_cost": 0.05}}, {"cost": "0.05"}),
        ({"cost_in_usd_ticks": 37756000, "num_sources_used": 3}, {"cost": "0.0037756"}),
        ({"cost_in_usd_ticks": 0}, {"cost": "0"}),
        ({"cost_in_usd_ticks": 10**17}, {}),
        ({"cost": {"request_cost": 0.005, "total_cost": 0.006}}, {"cost": "0.006"}),
        ({"cost": {"request_cost": 0.005}}, {}),
        ({"cost": -1}, {}),
        ({"cost": "0.1"}, {}),
        ({"cost": True}, {}),
        ({"cost": float("inf")}, {}),
        ({"cost": 1e300}, {}),
        ({}, {}),
        (None, {}),
    ],
)
def test_a_cost_is_told_as_its_digits_say(usage: Json, told: dict[str, str]) -> None:
    assert told_cost(usage) == told
