// What replaces parts of an engine that QuickJS does not have.

import assert from "node:assert/strict";
import { test } from "node:test";
import { retryAfterMs } from "../src/date.js";
import { parse, stringify } from "../src/json.js";
import { decode, encode } from "../src/utf8.js";

test("UTF-8 without the engine's encoder", () => {
  const { TextEncoder, TextDecoder } = globalThis;
  const texts = ["", "a", "é漢😀\u0000", "x".repeat(20_000) + "é"];
  const invalid = [[97, 255, 98], [0xc3], [0xe2, 0x82], [0xed, 0xa0, 0x80], [0xf0, 0x9f, 0x98, 0x80, 0x80]];
  const expected = invalid.map((bytes) => new TextDecoder().decode(Uint8Array.from(bytes)).replace(/\ufffd+/g, "\ufffd"));
  try {
    Object.assign(globalThis, { TextEncoder: undefined, TextDecoder: undefined });
    for (const text of texts) {
      assert.deepEqual([...encode(text)], [...Buffer.from(text)]);
      assert.equal(decode(encode(text)), text);
    }
    assert.deepEqual(invalid.map((bytes) => decode(Uint8Array.from(bytes)).replace(/\ufffd+/g, "\ufffd")), expected);
    assert.deepEqual([...encode("\ud800")], [0xef, 0xbf, 0xbd]);
  } finally {
    Object.assign(globalThis, { TextEncoder, TextDecoder });
  }
});

test("integers beyond 53 bits, large exponents and halves of characters", () => {
  const { list } = parse('{"list": [9007199254740993, -9223372036854775808, 9007199254740991, 1.5, "9007199254740993"]}');
  assert.deepEqual(list, [9007199254740993n, -9223372036854775808n, 9007199254740991, 1.5, "9007199254740993"]);
  for (const text of ['{"n": 1e400}', '["\\ud800"]', '{"\\ud800": 1, "long": 9007199254740993}', "[".repeat(5000)]) {
    assert.throws(() => parse(text), SyntaxError, text);
  }
  assert.deepEqual(parse('["\\ud83d\\ude00", "1e400", 1e-400]'), ["😀", "1e400", 0]);
  assert.equal(stringify({ small: 7n }), '{"small":7}');
  assert.equal(stringify(undefined), "null");
});

test("the wait of Retry-After", () => {
  assert.equal(retryAfterMs(" 7 "), 7000);
  const soon = retryAfterMs(new Date(Date.now() + 60_000).toUTCString()) ?? 0;
  assert.ok(soon > 50_000 && soon <= 60_000, String(soon));
  for (const text of ["Wed, 21 Oct 2015 07:28:00 GMT", "soon", "Wed, 21 Okt 2099 07:28:00 GMT", "-1", "1.5"]) {
    assert.equal(retryAfterMs(text), undefined, text);
  }
});
