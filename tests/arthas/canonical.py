"""The two canonical forms of JSON that Arthas' clients sign: that of its web client and that of its Go client.

Both sort keys and leave out spaces. They differ in how strings are quoted and keys are ordered, so a signature over the
one does not verify over the other wherever a text holds, say, a joined emoji. A verifier tries both.
"""

import json
import re
import unicodedata

_JS_ESCAPES = {"\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"}
_GO_ESCAPES = {"\a": "\\a", "\v": "\\v", **_JS_ESCAPES}


def js(value) -> bytes:
    """As `JSON.stringify` with sorted keys writes it."""
    return _write(value, _js_string, lambda key: key.encode("utf-16-be", "surrogatepass")).encode("utf-8")


def go(value) -> bytes:
    """As the Go client writes it: strings by Go's quoting."""
    return _write(value, _go_string, lambda key: key.encode("utf-8", "surrogatepass")).encode("utf-8")


FORMS = {"js": js, "go": go}


def _write(value, string, order) -> str:
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, str):
        return string(value)
    if isinstance(value, float) and not value.is_integer():
        return repr(value)
    if isinstance(value, (int, float)):
        return str(int(value))
    if isinstance(value, list):
        return "[" + ",".join(_write(item, string, order) for item in value) + "]"
    keys = sorted(value, key=order)
    return "{" + ",".join(string(key) + ":" + _write(value[key], string, order) for key in keys) + "}"


def _js_string(text: str) -> str:
    def escape(match):
        char = match.group()
        return _JS_ESCAPES.get(char) or f"\\u{ord(char):04x}"

    return '"' + re.sub('[\x00-\x1f"\\\\\ud800-\udfff]', escape, text) + '"'


def _go_string(text: str) -> str:
    return '"' + "".join(map(_go_char, text)) + '"'


def _go_char(char: str) -> str:
    if char in _GO_ESCAPES:
        return _GO_ESCAPES[char]
    code = ord(char)
    if char == " " or unicodedata.category(char)[0] in "LMNPS":
        return char
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
