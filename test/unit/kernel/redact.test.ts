/** Tokens by their form: none is left, and ordinary words stay. */
import { describe, expect, test } from "bun:test";
import { createLineRedactor, redactTokens } from "../../../src/kernel/redact.ts";

const SECRET = "Zm9vYmFyYmF6cXV4MTIz";
const JWT = `eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.${SECRET}`;

const hidden: readonly string[] = [
  `mgk_${SECRET}`,
  `the key is mgk_${SECRET}_abc, said the child`,
  `Authorization: Bearer ${SECRET}`,
  `authorization: basic ${SECRET}=`,
  `{"Authorization":"Bearer ${SECRET}"}`,
  `{"headers":"{\\"authorization\\":\\"${SECRET}\\"}"}`,
  `DPoP ${SECRET}`,
  JWT,
  `GET /x?access_token=${SECRET}&y=1`,
  `{"access_token":"${SECRET}","token_type":"Bearer"}`,
  `refresh_token=${SECRET}`,
  `'client_secret': '${SECRET}'`,
  `code_verifier=${SECRET}`,
  `X-API-Key: ${SECRET}`,
  `api_key = ${SECRET}`,
  `Cookie: sid=${SECRET}`,
  `Mcp-Session-Id: ${SECRET}`,
];

describe("tokens", () => {
  for (const text of hidden) {
    test(text, () => {
      const clean = redactTokens(text);
      expect(clean).not.toContain(SECRET);
      expect(clean).toContain("[redacted]");
    });
  }

  test("what stands around a token stays", () => {
    expect(redactTokens(`GET /x?access_token=${SECRET}&y=1`)).toBe(
      "GET /x?access_token=[redacted]&y=1",
    );
    expect(redactTokens(`{"access_token":"${SECRET}","a":"b"}`)).toBe(
      '{"access_token":"[redacted]","a":"b"}',
    );
  });
});

const plain: readonly string[] = [
  "listening on http://127.0.0.1:8080",
  "Method: tools/call, ID: 1, SessionID: 1a2b3c4d, result in 1.0 ms",
  "the token has expired",
  "a bearer token is missing",
  "basic things",
];

describe("ordinary words stay", () => {
  for (const text of plain) test(text, () => expect(redactTokens(text)).toBe(text));
});

describe("values of the configuration", () => {
  const redact = createLineRedactor([
    { server: undefined, values: ["gw-1"] },
    { server: "one", values: ["8080", "localhost", "hunter2hunter2"] },
    { server: "two", values: ["swordfish"] },
  ]);

  test("all of a server's go from its own lines", () => {
    expect(redact("one")("8080 localhost hunter2hunter2 gw-1")).toBe(
      "[redacted] [redacted] [redacted] [redacted]",
    );
  });

  test("from other lines go those that can hardly be ordinary words", () => {
    for (const server of [undefined, "two", "three"]) {
      expect(redact(server)("8080 localhost hunter2hunter2 gw-1")).toBe(
        "8080 localhost [redacted] [redacted]",
      );
    }
    expect(redact("one")("swordfish")).toBe("[redacted]");
  });
});
