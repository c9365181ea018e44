"""Counting a request's tokens here, for providers that have no endpoint for it.

An estimate, off from a provider's own count by what the tokenizers and the providers' hidden
framing differ. Measured (`tests/counting/test_request.py` has the figures that are public):

- DeepSeek, Qwen, GLM, Kimi, Llama, Mistral and OpenAI models: text is counted with the model's own
  vocabulary; what is estimated is the chat template around it, a few tokens a message.
- Claude: its tokenizer is not public. `cl100k_base` times a factor: within 1 % of Claude's count
  over a mixture of code, logs, tools and prose; a single text 18 % under to 25 % over.
- Any other model: `cl100k_base` and 10 %, so that a context fills up late rather than early.
"""
