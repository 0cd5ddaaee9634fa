/** Accept and Content-Type, by media type and not by substring. */
import { describe, expect, test } from "bun:test";
import { isJsonContent, readAccept } from "../../../src/transport/negotiation.ts";

describe("readAccept", () => {
  const rows: readonly [header: string | null, taken: string][] = [
    [null, "json sse"],
    ["application/json, text/event-stream", "json sse"],
    ["text/event-stream, application/json", "json sse"],
    ["application/json,text/event-stream", "json sse"],
    ["APPLICATION/JSON , Text/Event-Stream", "json sse"],
    ["application/json", "json"],
    ["application/json; charset=utf-8", "json"],
    ["text/event-stream", "sse"],
    ["text/event-stream;q=0.5", "sse"],
    ["*/*", "json sse"],
    ["text/html, */*;q=0.8", "json sse"],
    ["application/*", "json"],
    ["text/*", "sse"],
    ["application/json, text/event-stream;q=0", "json"],
    ["application/json;q=0.000, text/event-stream", "sse"],
    ["application/json;q=0.001", "json"],
    ["application/json; Q=0", ""],
    ["text/html", ""],
    ["application/json-rpc", ""],
    ["application/jsonx, xtext/event-stream", ""],
    ["text/plain; note=application/json", ""],
    ["", ""],
    [",,", ""],
  ];
  for (const [header, taken] of rows) {
    test(JSON.stringify(header), () => {
      const { json, sse } = readAccept(header);
      expect([...(json ? ["json"] : []), ...(sse ? ["sse"] : [])].join(" ")).toBe(taken);
    });
  }
});

describe("isJsonContent", () => {
  const rows: readonly [header: string | null, json: boolean][] = [
    ["application/json", true],
    ["application/json; charset=utf-8", true],
    ["application/json;charset=utf-8", true],
    ["Application/JSON", true],
    [" application/json ", true],
    ["application/json-seq", false],
    ["application/vnd.api+json", false],
    ["text/plain; application/json", false],
    ["application/json, text/plain", false],
    ["text/plain", false],
    ["", false],
    [null, false],
  ];
  for (const [header, json] of rows) {
    test(JSON.stringify(header), () => {
      expect(isJsonContent(header)).toBe(json);
    });
  }
});
