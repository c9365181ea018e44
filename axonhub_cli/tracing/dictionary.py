"""What the small documents of a trace file have in common: the dictionary of their compression.

Part of the file's format: not a byte of it may ever change. What comes last is found cheapest.
"""

DICTIONARY_1 = b"""\
[["host","127.0.0.1:8090"],["accept","application/json"],["accept-encoding","gzip, deflate, br, z\
std"],\
["connection","keep-alive"],["content-type","application/json"],["user-agent","claude-cli/2.1.330\
 (external, cli)"],\
["x-api-key","***"],["authorization","***"],["anthropic-beta","claude-code-20250219,interleaved-t\
hinking-2025-05-14,\
context-management-2025-06-27,prompt-caching-scope-2026-01-05,advanced-tool-use-2025-11-20,effort\
-2025-11-24"],\
["anthropic-dangerous-direct-browser-access","true"],["anthropic-version","2023-06-01"],["x-app",\
"cli"],\
["x-claude-code-session-id",""],["x-claude-code-agent-id",""],["x-claude-code-prompt-id",""],\
["x-claude-code-request-class","main"],["x-claude-code-prev-tool-durations","Bash=42"],\
["x-stainless-arch","x64"],["x-stainless-async","false"],["x-stainless-lang","js"],["x-stainless-\
os","Linux"],\
["x-stainless-package-version","0.70.0"],["x-stainless-read-timeout","600"],["x-stainless-retry-c\
ount","0"],\
["x-stainless-runtime","node"],["x-stainless-runtime-version","v24.3.0"],["x-stainless-timeout","\
600"],\
["x-session-affinity","ses_"],["x-session-id","ses_"],["traceparent","00-"],["originator","codex_\
exec"],\
["session-id",""],["thread-id",""],["x-client-request-id",""],["x-codex-turn-metadata","{}"],\
["user-agent","OpenAI/Python 3.54.0"],["user-agent","AsyncAnthropic/Python 2.12.0"]]\
{"rule":null,"candidates":[{"channel":"main","model":"claude-opus-5-5","score":1.0,"reasons":[]}],\
"rejected":[{"channel":"other","reason":"serves no model of this name"},{"channel":"off","reason"\
:"is disabled"}]}\
{"contents":[{"role":"user","parts":[{"text":""}]},{"role":"model","parts":[{"functionCall":{"nam\
e":"","args":{}}}]}],\
"generationConfig":{"temperature":1,"topP":0.95,"topK":64,"thinkingConfig":{"includeThoughts":tru\
e}},"safetySettings":[]}\
data: {"candidates":[{"content":{"parts":[{"text":""}],"role":"model"},"finishReason":"STOP","ind\
ex":0}],\
"usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":1,"totalTokenCount":1,"thoughtsToken\
Count":1},\
"modelVersion":"gemini-","responseId":""}\r\n\r\n\
event: response.created
data: {"type":"response.created","sequence_number":0,"response":{"id":"resp_","object":"response"\
,"created_at":17,\
"status":"in_progress","error":null,"incomplete_details":null,"instructions":null,"max_output_tok\
ens":null,"model":"gpt-",\
"output":[],"parallel_tool_calls":true,"previous_response_id":null,"reasoning":{"effort":"medium"\
,"summary":null},\
"store":false,"temperature":1.0,"text":{"format":{"type":"text"}},"tool_choice":"auto","tools":[]\
,"top_p":1.0,\
"truncation":"disabled","usage":null,"user":null,"metadata":{}}}

event: response.output_item.added
data: {"type":"response.output_item.added","sequence_number":2,"output_index":0,"item":{"id":"msg\
_","type":"message",\
"status":"in_progress","content":[],"role":"assistant"}}

event: response.function_call_arguments.delta
data: {"type":"response.function_call_arguments.delta","sequence_number":3,"item_id":"fc_","outpu\
t_index":0,"delta":""}

event: response.output_text.delta
data: {"type":"response.output_text.delta","sequence_number":4,"item_id":"msg_","output_index":0,\
"content_index":0,\
"delta":"","logprobs":[]}

event: response.completed
data: {"type":"response.completed","sequence_number":9,"response":{"status":"completed","usage":{\
"input_tokens":1,\
"input_tokens_details":{"cached_tokens":0},"output_tokens":1,"output_tokens_details":{"reasoning_\
tokens":0},"total_tokens":2}}}

{"id":"chatcmpl-","object":"chat.completion","created":17,"model":"gpt-","choices":[{"index":0,"m\
essage":{"role":"assistant",\
"content":"","refusal":null,"annotations":[],"tool_calls":[{"id":"call_","type":"function","funct\
ion":{"name":"",\
"arguments":"{}"}}]},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"complet\
ion_tokens":1,\
"total_tokens":2,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_\
details":\
{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens\
":0}},\
"service_tier":"default","system_fingerprint":"fp_"}\
{"error":{"message":"","type":"invalid_request_error","param":null,"code":null}}\
{"model":"gpt-","messages":[{"role":"system","content":""},{"role":"user","content":""},{"role":"\
tool",\
"tool_call_id":"call_","content":""},{"role":"assistant","content":null,"tool_calls":[]}],"tools"\
:[{"type":"function",\
"function":{"name":"","description":"","parameters":{"type":"object","properties":{},"required":[\
]}}}],"tool_choice":"auto",\
"max_tokens":32000,"stream":true,"stream_options":{"include_usage":true}}\
data: {"id":"chatcmpl-","object":"chat.completion.chunk","created":17,"model":"gpt-","service_tie\
r":"default",\
"system_fingerprint":"fp_","choices":[{"index":0,"delta":{"role":"assistant","content":"","refusa\
l":null},"logprobs":null,\
"finish_reason":null}],"usage":null}

data: {"id":"chatcmpl-","object":"chat.completion.chunk","created":17,"model":"gpt-","choices":[{\
"index":0,"delta":\
{"tool_calls":[{"index":0,"id":"call_","type":"function","function":{"name":"","arguments":""}}]}\
,"finish_reason":null}]}

data: {"id":"chatcmpl-","object":"chat.completion.chunk","created":17,"model":"gpt-","choices":[{\
"index":0,"delta":\
{"content":""},"logprobs":null,"finish_reason":null}]}

data: {"id":"chatcmpl-","object":"chat.completion.chunk","created":17,"model":"gpt-","choices":[{\
"index":0,"delta":{},\
"logprobs":null,"finish_reason":"tool_calls"}]}

data: [DONE]

{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_"}\
{"model":"claude-opus-5-5","max_tokens":32000,"stream":true,"temperature":1,"metadata":{"user_id"\
:"{\\"device_id\\":\\"\
\\",\\"account_uuid\\":\\"\\",\\"session_id\\":\\"\\"}"},"system":[{"type":"text","text":"","cach\
e_control":{"type":\
"ephemeral","ttl":"1h"}}],"tools":[{"name":"","description":"","input_schema":{"$schema":\
"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{"":{"description":""\
,"type":"string"}},\
"required":[],"additionalProperties":false}}],"messages":[{"role":"user","content":[{"type":"text\
","text":\
"<system-reminder>\\n"},{"type":"tool_result","tool_use_id":"toolu_01","content":"","is_error":fa\
lse,"cache_control":\
{"type":"ephemeral"}}]},{"role":"assistant","content":[{"type":"thinking","thinking":"","signatur\
e":""},{"type":"text",\
"text":""},{"type":"tool_use","id":"toolu_01","name":"Bash","input":{"command":"","description":"\
"}}]}],\
"thinking":{"type":"adaptive","display":"omitted"},"output_config":{"effort":"high"}}\
{"id":"msg_01","type":"message","role":"assistant","model":"claude-opus-5-5","content":[{"type":"\
text","text":""}],\
"stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":1,"cache_creation_input_tok\
ens":0,\
"cache_read_input_tokens":0,"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_t\
okens":0},\
"output_tokens":1,"service_tier":"standard"}}\
event: message_start
data: {"type":"message_start","message":{"id":"msg_01","type":"message","role":"assistant","model\
":"claude-opus-5-5",\
"content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":1,"cache_creation_in\
put_tokens":0,\
"cache_read_input_tokens":0,"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_t\
okens":0},\
"output_tokens":1,"service_tier":"standard"}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","s\
ignature":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":""}}

event: content_block_start
data: {"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_01",\
"name":"","input":{}}}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"\
"}}

event: ping
data: {"type": "ping"}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":""}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"i\
nput_tokens":1,\
"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":1}}

event: message_stop
data: {"type":"message_stop"}

"""
