/** A modern request says the same however often it comes, and whether it is read quickly or with care. */
import { expect, test } from "bun:test";
import { readModernRequest } from "../../../src/codec/modern-request.ts";
import { fromModernParams } from "../../../src/codec/modern-params.ts";
import { parseMessage, plainText, type Message } from "../../../src/wire/message.ts";
import { readShort } from "../../../src/wire/short-message.ts";
import { textOf } from "../../../src/wire/key-text.ts";

const encoder = new TextEncoder();
const PREFIX = "io.modelcontextprotocol/";
const ENVELOPE = `"${PREFIX}protocolVersion":"2026-07-28","${PREFIX}clientCapabilities":{"sampling":{}}`;
const HEADERS = { version: "2026-07-28", method: "tools/call", name: "a" };

/** As the binding reads it, and as it is read without a short cut. */
function both(params: string): readonly [quick: Message, careful: Message] {
  const text = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`;
  const bytes = encoder.encode(text);
  const parsed = parseMessage(bytes, 200);
  if ("fault" in parsed) throw new Error(parsed.fault.message);
  const plain = plainText(bytes);
  const quick = plain === undefined ? undefined : readShort(bytes, plain, 200);
  return [quick ?? parsed.message, parsed.message];
}

const SAMPLES: readonly string[] = [
  `{"name":"a","_meta":{${ENVELOPE}}}`,
  `{"name":"a","arguments":{"x":1},"_meta":{${ENVELOPE}}}`,
  `{"_meta":{${ENVELOPE}},"name":"a"}`,
  `{"name":"a","_meta":{${ENVELOPE},"progressToken":7}}`,
  `{"name":"a","_meta":{${ENVELOPE},"own":{"x":1}}}`,
  `{"name":"a","_meta":{${ENVELOPE},"${PREFIX}related-task":{"taskId":"t"}}}`,
  `{"name":"a","_meta":{"own":1},"_meta":{${ENVELOPE}}}`,
  `{"name":"a","\\u005fmeta":{"own":1},"_meta":{${ENVELOPE}}}`,
  `{"name":"a","arguments":{"_meta":{${ENVELOPE}}}}`,
  `{"name":"a","arguments":{"a":1,"_meta":{${ENVELOPE}}},"_meta":{${ENVELOPE}}}`,
  `{"name":"a","arguments":{"a":1,"_meta":{${ENVELOPE}}}}`,
  `{"name":"a","arguments":{"text":",\\"_meta\\":{}}"},"_meta":{${ENVELOPE}}}`,
  `{"name":"a","task":{},"requestState":"s","_meta":{${ENVELOPE}}}`,
  `{"name":"a","name":"b","_meta":{${ENVELOPE}}}`,
  `{"name":"a","_meta":{${ENVELOPE},"${PREFIX}logLevel":"info"}}`,
  `{"name":"a","_meta":{${ENVELOPE},"${PREFIX}logLevel":"loud"}}`,
  `{"name":"b","_meta":{${ENVELOPE}}}`,
  `{"name":"a","_meta":{"${PREFIX}protocolVersion":"2026-07-28"}}`,
];

test("what a request says, and what goes on to the child, is the same at any time", () => {
  for (const round of [1, 2, 3]) {
    for (const params of SAMPLES) {
      const [quick, careful] = both(params);
      const expected = readModernRequest(careful, HEADERS);
      expect({ round, params, route: readModernRequest(quick, HEADERS) }).toEqual({
        round,
        params,
        route: expected,
      });
      const read = ({ payload, plain }: Message): unknown => {
        const { bytes, progressToken } = fromModernParams(
          payload ?? encoder.encode("{}"),
          200,
          plain,
        );
        const value = JSON.parse(textOf(bytes)) as Record<string, unknown>;
        // A `_meta` that lost everything may stay behind empty.
        if (JSON.stringify(value["_meta"]) === "{}") delete value["_meta"];
        return { value, progressToken };
      };
      expect({ params, on: read(quick) }).toEqual({ params, on: read(careful) });
    }
  }
});
