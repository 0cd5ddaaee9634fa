/** HTTP answers: status, headers and exact bodies. */
import { describe, expect, test } from "bun:test";
import {
  accepted,
  jsonResponse,
  messageResponse,
  refusal,
} from "../../../src/transport/answers.ts";
import { jsonBytes, outgoingAnswer, textResult } from "../../../src/wire/message.ts";

const headersOf = (response: Response): Record<string, string> =>
  Object.fromEntries(response.headers.entries());
const JSON_HEADERS = {
  "content-type": "application/json",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
};

describe("answers", () => {
  const rows: readonly [name: string, response: () => Response, status: number, body: string][] = [
    [
      "a message with a payload",
      () => messageResponse(outgoingAnswer("1.0", "result", jsonBytes('{"n":1.0}'))),
      200,
      '{"jsonrpc":"2.0","id":1.0,"result":{"n":1.0}}',
    ],
    [
      "a message made here",
      () => messageResponse(textResult('"x"', "{}"), 503),
      503,
      '{"jsonrpc":"2.0","id":"x","result":{}}',
    ],
    ["a batch", () => jsonResponse("[]"), 200, "[]"],
    ["bytes", () => jsonResponse(jsonBytes('"é"')), 200, '"é"'],
    [
      "a refusal",
      () => refusal({ status: 404, code: -32001, message: "m" }, "7"),
      404,
      '{"jsonrpc":"2.0","id":7,"error":{"code":-32001,"message":"m"}}',
    ],
    [
      "a refusal of what had no id",
      () => refusal({ status: 400, code: -32700, message: "m" }),
      400,
      '{"jsonrpc":"2.0","error":{"code":-32700,"message":"m"}}',
    ],
    [
      "a refusal with data",
      () => refusal({ status: 400, code: -32022, message: "m", data: { supported: ["x"] } }, "0"),
      400,
      '{"jsonrpc":"2.0","id":0,"error":{"code":-32022,"message":"m","data":{"supported":["x"]}}}',
    ],
  ];
  for (const [name, make, status, body] of rows) {
    test(name, async () => {
      const response = make();
      expect(response.status).toBe(status);
      expect(headersOf(response)).toEqual(JSON_HEADERS);
      expect(await response.text()).toBe(body);
    });
  }

  test("headers of one answer do not stay for the next", () => {
    const first = jsonResponse("{}", 200, { "mcp-session-id": "secret" });
    expect(headersOf(first)).toEqual({ ...JSON_HEADERS, "mcp-session-id": "secret" });
    expect(headersOf(jsonResponse("{}"))).toEqual(JSON_HEADERS);
  });

  test("taken: 202 without a body", async () => {
    const response = accepted();
    expect([response.status, await response.text()]).toEqual([202, ""]);
    expect(response.headers.get("content-type")).toBeNull();
  });
});
