"""Texts and what Claude's tokenizers count for them, message frame left out.

The counts are PyPI `ctok` 1.3.0's, which agrees with recorded `count_tokens` answers on all but
one of 964,000 texts (its README); first up to Claude 4.6, then from 4.7 on.
"""

from __future__ import annotations

CODE = '''
class RateLimiter:
    """Allows `limit` calls in any `window` seconds."""

    def __init__(self, limit: int, window: float = 60.0) -> None:
        if limit <= 0:
            raise ValueError(f"limit must be positive, not {limit}")
        self._limit = limit
        self._window = window
        self._calls: deque[float] = deque()

    def allow(self, now: float) -> bool:
        while self._calls and now - self._calls[0] > self._window:
            self._calls.popleft()
        if len(self._calls) >= self._limit:
            return False
        self._calls.append(now)
        return True
'''

MARKDOWN = """
## Finding the bug

1. Run `pytest -x tests/test_limits.py` and read the **first** failure only.
2. The limiter keeps one deque for each client; entries older than the window are dropped when
   the next call comes in, so an idle client holds its memory for ever.
3. Fix: drop a client's deque when it is empty, and add a test that creates 10,000 clients.

See also [the design note](docs/limits.md#memory) and issue #412.
"""

LOG = """
2026-11-24T07:32:18.412Z INFO  proxy request_id=req_01H8XK status=200 ms=1843 model=deepseek-chat
2026-11-24T07:32:19.007Z WARN  proxy request_id=req_01H8XM status=429 retry_after=12 attempt=2/3
-rw-r--r-- 1 root root 30480 Nov 24 07:30 /usr/lib/python3.11/site-packages/limits/__init__.py
tests/test_limits.py::test_a_burst_is_refused FAILED                                     [ 42%]
"""

TOOL = (
    '{"name":"Edit","description":"Performs exact string replacements in files. You must use your '
    "Read tool at least once in the conversation before editing. The edit will fail if old_string "
    'is not unique in the file.","input_schema":{"type":"object","properties":{"file_path":'
    '{"type":"string","description":"The absolute path to the file to modify"},"old_string":'
    '{"type":"string","description":"The text to replace"},"replace_all":{"type":"boolean",'
    '"default":false}},"required":["file_path","old_string"],"additionalProperties":false}}'
)

CHINESE = (
    "请先阅读项目的说明文档，然后检查测试为什么失败。我们在本地运行时一切正常，但是在持续集成环境中，"
    "数据库连接总是超时。请找出原因并修复它，同时不要修改公共接口。"
)

RUSSIAN = (
    "Сначала прочитай документацию проекта, затем выясни, почему тесты не проходят. Локально всё "
    "работает, но в среде непрерывной интеграции соединение с базой данных всегда обрывается."
)

PROSE = (
    "When the parser meets a line that it does not know, it keeps the line as it is and goes on "
    "with the next one. Nothing is lost, and the person who reads the result can see where the "
    "unknown lines stood and decide what to do about them."
)

CLAUDE_COUNTS = (
    (CODE, 178, 210),
    (MARKDOWN, 121, 150),
    (LOG, 166, 196),
    (TOOL, 129, 173),
    (CHINESE, 81, 80),
    (RUSSIAN, 68, 68),
    (PROSE, 53, 68),
)
