/** What is known of a server, through a real folder, from one run to the next. */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDataFolder } from "../../../src/runtime/data-folder.ts";
import { createSystemClock } from "../../../src/runtime/system-clock.ts";
import type { ProfileKey } from "../../../src/upstream/kept-server.ts";
import { ProfileStore } from "../../../src/upstream/profile-store.ts";
import { jsonBytes } from "../../../src/wire/message.ts";
import { serverConfig } from "../../helpers/server-config.ts";
import { until } from "../../helpers/wait.ts";

const root = mkdtempSync(join(tmpdir(), "profile-store-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const notices: string[] = [];
const server = serverConfig();
const key: ProfileKey = { era: "modern", fingerprint: "{}", principal: "local" };

/** The store of a gateway that has just started. */
function startedStore(): ProfileStore {
  const clock = createSystemClock();
  const emit = (event: { kind: string; message?: string }): void => {
    if (event.kind === "gateway.notice") notices.push(event.message ?? "");
  };
  const files = openDataFolder(root, emit, clock.wallMs);
  const store = new ProfileStore({ files, secret: files.secret, clock, emit });
  store.load([server]);
  return store;
}

test("is there at the next start, written in the background or at the end", async () => {
  const first = startedStore();
  first.of(server).keepVerdict({ modern: true });
  await until(() => startedStore().of(server).verdict?.modern, { what: "the verdict is written" });
  first.of(server).keepList(key, "tools/list", jsonBytes('{"tools":[1.0]}'));
  await first.flush();
  const kept = startedStore().of(server).list(key, "tools/list");
  expect(new TextDecoder().decode(kept)).toBe('{"tools":[1.0]}');
  expect(notices).toEqual([]);
});

test("that was spoilt is said, ignored and replaced", async () => {
  writeFileSync(join(root, "profiles", "tested.json"), '{"format":');
  const store = startedStore();
  expect(store.of(server).verdict).toBeUndefined();
  expect(notices.join()).toContain("tested.json is no JSON object");
  store.of(server).markInteractive();
  await store.flush();
  notices.length = 0;
  expect(startedStore().of(server).interactive).toBe(true);
  expect(notices).toEqual([]);
});
