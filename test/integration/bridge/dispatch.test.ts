/**
 * What is taken and what is refused in the modern era: the numbered one-line tests of the protocol
 * design about dispatch (3, 4, 10 to 17).
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import {
  META,
  MODERN_REVISION,
  modernCall,
  ModernClient,
  modernRequest,
  postModern,
  seenBy,
  shownBy,
  wordsOf,
} from "../../helpers/modern.ts";
import { post, type RawResponse, request, toolCall } from "../../helpers/raw-http.ts";
import { RawSession } from "../../helpers/raw-session.ts";

let gateway: RunningGateway;
let url: string;

beforeAll(async () => {
  const annotated = fixtureServer("annotated-tools", { era: "legacy" });
  gateway = await startGateway({
    servers: {
      echo: fixtureServer("echo", { era: "legacy" }),
      annotated,
      unlisted: { ...annotated, toolNames: "keep" },
      modern: fixtureServer("modern-only", { era: "modern" }),
    },
  });
  url = gateway.mcp("echo");
});
afterAll(() => gateway.stop());

/** Messages that reached the child and hold `marker`. */
async function reached(marker: string, at = url): Promise<readonly object[]> {
  const all = await seenBy(new ModernClient(at));
  return all.filter((message) => JSON.stringify(message).includes(marker));
}

function codeOf({ messages }: RawResponse): number | undefined {
  return messages[0]?.error?.code;
}

/** Base64 in the marks that say so. */
function encoded(text: string): string {
  return `=?base64?${Buffer.from(text).toString("base64")}?=`;
}

test("3. a session id beside a modern claim is ignored, and none comes back", async () => {
  const session = await RawSession.open(url);
  for (const id of [session.id, "never-there", "\u00a7"]) {
    const body = modernCall(3, "echo", { text: "three" });
    const answer = await postModern(url, body, { session: id });
    expect(answer.status).toBe(200);
    expect(answer.session).toBeUndefined();
    expect(answer.headers.get("mcp-session-id")).toBeNull();
    expect(answer.messages[0]).toMatchObject({ id: 3, result: { resultType: "complete" } });
  }
  await session.end();
  const ended = await postModern(url, modernCall(4, "echo", { text: "x" }), {
    session: session.id,
  });
  expect(ended.status).toBe(200);
});

test("4. an array with one enveloped element is 400/-32600, and none of it is executed", async () => {
  const session = await RawSession.open(url, { revision: "2025-03-26" });
  const plain = toolCall(1, "echo", { text: "batch-four" });
  const modern = modernCall(2, "echo", { text: "batch-four" });
  for (const batch of [[modern], [plain, modern], [modern, plain]]) {
    const version = MODERN_REVISION;
    const refusals = [
      await post(url, batch),
      await post(url, batch, { version }),
      await session.post(batch),
    ];
    expect(refusals.map(({ status }) => status)).toEqual([400, 400, 400]);
    expect(refusals.map(codeOf)).toEqual([-32600, -32600, -32600]);
  }
  expect(await reached("batch-four")).toEqual([]);
});

test("10. an unknown method is 404/-32601 with the same id, and so is a removed one", async () => {
  const methods = ["no/such-method", "ping", "logging/setLevel", "resources/subscribe"];
  for (const method of [...methods, "resources/unsubscribe", "tasks/result"]) {
    for (const id of ["ten", 10, 0]) {
      const refused = await postModern(url, modernRequest(id, method, { marker: "ten-ten" }));
      expect([method, refused.status, codeOf(refused)]).toEqual([method, 404, -32601]);
      expect(refused.messages[0]?.id).toBe(id);
    }
  }
  expect(await reached("ten-ten")).toEqual([]);
});

test("11. `initialize` with a valid modern envelope is 404/-32601 and opens no session", async () => {
  const params = {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "eleven", version: "1" },
  };
  const refused = await postModern(url, modernRequest("i", "initialize", params));
  expect([refused.status, codeOf(refused)]).toEqual([404, -32601]);
  expect(refused.messages[0]?.id).toBe("i");
  expect(refused.session).toBeUndefined();
});

test("12. a modern version header without `_meta` is 400/-32602 and names the missing key", async () => {
  const key = `${META}protocolVersion`;
  const bodies = [
    request(12, "tools/list"),
    request(12, "tools/list", {}),
    request(12, "tools/list", { _meta: {} }),
    request(12, "tools/list", { _meta: { [`${META}clientCapabilities`]: {} } }),
  ];
  for (const body of bodies) {
    const headers = { "mcp-method": "tools/list" };
    const refused = await post(url, body, { version: MODERN_REVISION, headers });
    expect([refused.status, codeOf(refused)]).toEqual([400, -32602]);
    expect(refused.messages[0]?.id).toBe(12);
    expect(refused.text).toContain(key);
  }
});

test("13. a header that is not the claim is 400/-32020; an unknown version in both is 400/-32022", async () => {
  for (const version of ["2025-11-25", "2099-01-01", "2026-07-28x"]) {
    const differs = await postModern(url, modernRequest(13, "tools/list"), { version });
    expect([version, differs.status, codeOf(differs)]).toEqual([version, 400, -32020]);
    expect(differs.messages[0]?.id).toBe(13);
  }
  const without = await postModern(url, modernRequest(13, "tools/list"), { version: null });
  expect([without.status, codeOf(without)]).toEqual([400, -32020]);

  for (const version of ["2099-01-01", "1999-12-31"]) {
    const unknown = await postModern(url, modernRequest("v", "tools/list", {}, { version }));
    expect([unknown.status, codeOf(unknown)]).toEqual([400, -32022]);
    expect(unknown.messages[0]?.error?.data).toEqual({
      supported: [MODERN_REVISION],
      requested: version,
    });
    expect(unknown.messages[0]?.id).toBe("v");
  }
});

test("14. `Mcp-Name` in Base64 is accepted for the right name; bad padding is 400/-32020", async () => {
  const body = modernCall(14, "echo", { text: "fourteen" });
  const right = await postModern(url, body, { name: encoded("echo") });
  expect([right.status, right.messages[0]?.result?.["content"][0].text]).toEqual([200, "fourteen"]);

  const uri = "echo://item/é 日";
  const read = modernRequest(15, "resources/read", { uri });
  const exotic = await postModern(url, read, { name: encoded(uri) });
  expect([exotic.status, exotic.messages[0]?.result?.["contents"][0].uri]).toEqual([200, uri]);

  // "echo" is ZWNobw==
  const broken = [
    "=?base64?ZWNobw?=",
    "=?base64?ZWNobw=?=",
    "=?base64?ZWNob===?=",
    "=?base64?ZW Nobw==?=",
  ];
  for (const name of [...broken, "=?base64??=", encoded("ECHO"), encoded(encoded("echo"))]) {
    const refused = await postModern(url, modernCall(14, "echo", { text: "bad-name" }), { name });
    expect([name, refused.status, codeOf(refused)]).toEqual([name, 400, -32020]);
  }
  expect(await reached("bad-name")).toEqual([]);
});

test("15. outer blanks of `Mcp-Name` are nothing; `Mcp-Method: TOOLS/LIST` is 400/-32020", async () => {
  const body = modernCall(15, "echo", { text: "fifteen" });
  for (const name of ["  echo", "echo  ", "\t echo \t", `  ${encoded("echo")} `]) {
    const blank = await postModern(url, body, { name });
    expect([name, blank.status]).toEqual([name, 200]);
  }
  for (const name of ["Echo", "ec ho", "echo2", ""]) {
    const other = await postModern(url, body, { name });
    expect([name, other.status, codeOf(other)]).toEqual([name, 400, -32020]);
  }
  const missing = await postModern(url, body, { name: null });
  expect([missing.status, codeOf(missing)]).toEqual([400, -32020]);
  for (const method of ["TOOLS/LIST", "tools/call", encoded("tools/list"), null]) {
    const refused = await postModern(url, modernRequest(15, "tools/list"), { method });
    expect([method, refused.status, codeOf(refused)]).toEqual([method, 400, -32020]);
  }
});

for (const server of ["annotated", "unlisted", "modern"]) {
  test(`16. an annotated argument without its header is 400/-32020, though the tool was never listed (${server})`, async () => {
    const at = gateway.mcp(server);
    const client = new ModernClient(at);
    const region = "sixteen-east";
    const missing = await client.call("region", { region });
    expect([missing.status, missing.message.error?.code]).toEqual([400, -32020]);
    const headers = { "mcp-param-region": "sixteen-west" };
    const other = await client.call("region", { region }, {}, { headers });
    expect([other.status, other.message.error?.code]).toEqual([400, -32020]);
    expect(await reached("sixteen", at)).toEqual([]);

    for (const value of [region, encoded(region), ` ${region} `]) {
      const right = await client.call(
        "region",
        { region },
        {},
        { headers: { "Mcp-Param-Region": value } },
      );
      expect([right.status, shownBy(right)]).toEqual([200, { region }]);
    }
    expect(await reached("sixteen", at)).toHaveLength(3);
  });
}

test("16. nested and numeric arguments are compared by their value", async () => {
  const client = new ModernClient(gateway.mcp("annotated"));
  const nested = await client.call("nested", { at: { zone: "é" } });
  expect([nested.status, nested.message.error?.code]).toEqual([400, -32020]);
  const headers = { "mcp-param-zone": encoded("é") };
  expect((await client.call("nested", { at: { zone: "é" } }, {}, { headers })).status).toBe(200);
  const count = async (value: string): Promise<number> => {
    const given = { "mcp-param-count": value };
    return (await client.call("region", { count: 42 }, {}, { headers: given })).status;
  };
  expect([await count("42"), await count("42.0"), await count("43")]).toEqual([200, 200, 400]);
});

test("17. an annotated argument that is null or absent needs no header", async () => {
  for (const server of ["annotated", "modern"]) {
    const client = new ModernClient(gateway.mcp(server));
    const none = await client.call("region", { region: null });
    expect([none.status, shownBy(none)]).toEqual([200, { region: null }]);
    const absent = await client.call("region", { note: "seventeen" });
    expect([absent.status, shownBy(absent)]).toEqual([200, { note: "seventeen" }]);
    const unknown = { "mcp-param-unheard-of": "x" };
    const ignored = await client.call("region", {}, {}, { headers: unknown });
    expect([ignored.status, wordsOf(ignored)]).toEqual([200, "{}"]);
  }
});
