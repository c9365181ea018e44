"""What a request costs: prices of the user's own, else those of the `genai-prices` package."""
