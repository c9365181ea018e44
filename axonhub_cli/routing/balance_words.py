"""Does an error say that the account has no money left? Vendors say it with many statuses.

| vendor      | status | said in the body                                                 |
|-------------|--------|------------------------------------------------------------------|
| Anthropic   | 400    | Your credit balance is too low to access the Anthropic API [1]   |
| OpenAI      | 429    | code `insufficient_quota`, `billing_hard_limit_reached` and      |
|             |        | `billing_not_active` [2]                                         |
| DeepSeek    | 402    | Insufficient Balance [3]                                         |
| Xiaomi MiMo | 402    | Insufficient account balance, type `insufficient_balance` [4]    |
| OpenRouter  | 402    | Insufficient credits [4]                                         |
| Moonshot    | 429    | type `exceeded_current_quota_error`, … insufficient balance [4]  |
| Zhipu       | 429    | code 1113, 余额不足或无可用资源包 [4]                            |
| Alibaba     | 400    | code `Arrearage` [4]                                             |
| Volcengine  | 403    | code `AccountOverdueError` [4]                                   |
| SiliconFlow | 403    | your account balance is insufficient [4]                         |
| xAI         | 403    | … has either used all available credits or reached its … [4]     |
| one-api     | 403    | code `insufficient_user_quota` [4]                               |

[1] anthropics/claude-code issue 66314, 2026-06. [2] platform.openai.com/docs/guides/error-codes.
[3] api-docs.deepseek.com/quick_start/error_codes, read 2026-11. [4] Answers that users of these
vendors show in public code and reports of 2026.

OpenAI's sentence "You exceeded your current quota, please check your plan and billing details" is
not a sign: Gemini says it of a limit per minute. `insufficient_quota` is.
"""

from __future__ import annotations

import re

from axonhub_cli import jsonio

_STATUSES = frozenset({400, 402, 403, 429})
_LARGEST = 64 * 1024

_SENTENCES = re.compile(
    r"credit balance is too low|insufficient (?:account )?balance|insufficient credits?\b"
    r"|account balance is insufficient|used all available credits|余额不足",
    re.IGNORECASE,
)
_CODES = frozenset(
    {
        "insufficient_quota",
        "billing_hard_limit_reached",
        "billing_not_active",
        "insufficient_balance",
        "exceeded_current_quota_error",
        "1113",
        "arrearage",
        "accountoverdueerror",
        "insufficient_user_quota",
    }
)


def says_no_balance(status: int, body: bytes) -> bool:
    """`body`: of an answer with this error status."""
    if status not in _STATUSES or not body or len(body) > _LARGEST:
        return False
    try:
        told = jsonio.decode(body)
    except jsonio.InvalidJson:
        return False
    if not isinstance(told, dict):
        return False
    inner = told.get("error")
    parts = [told, inner] if isinstance(inner, dict) else [told, {"message": inner}]
    return any(_says(part) for part in parts)


def _says(part: dict[str, object]) -> bool:
    codes = {str(part.get(name)).lower() for name in ("code", "type")}
    if codes & _CODES:
        return True
    return any(
        isinstance(text, str) and _SENTENCES.search(text) is not None
        for text in (part.get("message"), part.get("msg"))
    )
