/** Who gets in with a password, how one is set, and what guessing costs the guesser and nobody else. */
import { describe, expect, test } from "bun:test";
import { SET_UP_LINK_MS } from "../../../src/auth/accounts.ts";
import { configWith, PASSWORD, Town } from "./people.ts";

const MINUTE_MS = 60_000;

async function townWith(...people: readonly string[]): Promise<Town> {
  const town = new Town(Object.fromEntries(people.map((name) => [name, {}])));
  for (const name of town.accounts.people) await town.accounts.setPassword(name, PASSWORD);
  return town;
}

describe("a password", () => {
  test("lets in its person, and nobody else", async () => {
    const town = await townWith("alex", "kim");
    await town.accounts.setPassword("kim", "another one, longer");
    expect(await town.try("alex", PASSWORD)).toMatchObject({
      kind: "right",
      person: { user: "alex" },
    });
    expect(await town.try("kim", PASSWORD)).toEqual({ kind: "wrong", user: "kim" });
    expect(await town.try("nobody", PASSWORD)).toEqual({ kind: "wrong", user: undefined });
  });

  test("is for a name as phones write it, unless two people are called alike", async () => {
    const town = await townWith("alex", "Kim", "kim");
    expect(await town.try(" Alex ", PASSWORD)).toMatchObject({ kind: "right" });
    expect(await town.try("KIM", PASSWORD)).toMatchObject({ kind: "wrong" });
    expect(await town.try("kim", PASSWORD)).toMatchObject({ person: { user: "kim" } });
  });

  test("of somebody who was taken out of the configuration opens nothing", async () => {
    const town = await townWith("alex", "kim");
    const before = await town.try("alex", PASSWORD);
    if (before.kind !== "right") throw new Error(before.kind);
    expect(town.accounts.isCurrent(before.person)).toBeTrue();
    town.config = configWith({ kim: {} });
    expect(await town.try("alex", PASSWORD)).toMatchObject({ kind: "wrong" });
    expect(town.accounts.isCurrent(before.person)).toBeFalse();
  });

  test("that is new, a sign-out and a removal end what was signed in", async () => {
    for (const end of [
      (town: Town) => town.accounts.setPassword("alex", "another one, longer"),
      (town: Town) => town.accounts.signOut("alex"),
      (town: Town) => town.accounts.removePassword("alex"),
    ]) {
      const town = await townWith("alex");
      const verdict = await town.try("alex", PASSWORD);
      if (verdict.kind !== "right") throw new Error(verdict.kind);
      expect(town.accounts.isCurrent(verdict.person)).toBeTrue();
      await end(town);
      expect(town.accounts.isCurrent(verdict.person)).toBeFalse();
    }
  });

  test("is not in the database, nor is a link or the mark of a browser", async () => {
    const town = await townWith("alex");
    const secret = town.accounts.createLink("alex");
    const verdict = await town.try("alex", PASSWORD);
    if (verdict.kind !== "right") throw new Error(verdict.kind);
    const bytes = Buffer.from(town.database.serialize()).toString("latin1");
    expect(bytes).toContain("$argon2id$");
    for (const word of [PASSWORD, secret, verdict.browser]) expect(bytes).not.toContain(word);
  });
});

describe("a set-up link", () => {
  test("sets a password once", async () => {
    const town = new Town();
    const secret = town.accounts.createLink("owner");
    expect(town.accounts.userOfLink(secret)).toBe("owner");
    expect(await town.accounts.useLink(secret, "short")).toMatchObject({ ok: false });
    expect(await town.accounts.useLink(secret, PASSWORD)).toMatchObject({ ok: true });
    expect(await town.accounts.useLink(secret, "another one, longer")).toEqual({
      ok: false,
      error: undefined,
    });
    expect(await town.try("owner", PASSWORD)).toMatchObject({ kind: "right" });
  });

  test("is used by one of two who use it at once", async () => {
    const town = new Town();
    const secret = town.accounts.createLink("owner");
    const results = await Promise.all([
      town.accounts.useLink(secret, PASSWORD),
      town.accounts.useLink(secret, "another one, longer"),
    ]);
    expect(results.filter(({ ok }) => ok)).toHaveLength(1);
  });

  test("is good for a day, until there is a newer one, and while its person exists", () => {
    const town = new Town({ alex: {}, kim: {} });
    const { accounts, clock } = town;
    const first = accounts.createLink("alex");
    const second = accounts.createLink("alex");
    expect(accounts.userOfLink(first)).toBeUndefined();
    clock.move(SET_UP_LINK_MS - 1);
    expect(accounts.userOfLink(second)).toBe("alex");
    town.config = configWith({ kim: {} });
    expect(accounts.userOfLink(second)).toBeUndefined();
    town.config = configWith({ alex: {} });
    clock.move(1);
    expect(accounts.userOfLink(second)).toBeUndefined();
  });

  test("is first for an admin, else for the first person, and for nobody once one has a password", async () => {
    expect(new Town().accounts.firstPerson).toBe("owner");
    expect(new Town({ kim: {}, alex: {} }).accounts.firstPerson).toBe("kim");
    const town = new Town({ kim: {}, alex: { admin: true } });
    expect(town.accounts.firstPerson).toBe("alex");
    await town.accounts.setPassword("kim", PASSWORD);
    expect(town.accounts.firstPerson).toBeUndefined();
    // A password from before the configuration named people is nobody's.
    town.config = configWith({ sam: {} });
    expect(town.accounts.firstPerson).toBe("sam");
  });
});

describe("back-off", () => {
  /** Guesses until it is refused. @returns how many were compared */
  async function guess(town: Town, user: string, address: string): Promise<number> {
    for (let count = 0; count < 50; count++) {
      if ((await town.try(user, "a wrong password", { address })).kind === "wait") return count;
    }
    throw new Error("never refused");
  }

  test("T31 guessing is slowed down for an address, whatever names it tries, and goes on after a while", async () => {
    const town = await townWith("alex");
    expect(await guess(town, "alex", "192.0.2.1")).toBe(10);
    expect(await town.try("nobody", "a wrong password")).toMatchObject({ kind: "wait" });
    town.clock.move(MINUTE_MS);
    expect(await guess(town, "alex", "192.0.2.1")).toBe(1);
  });

  test("T31 guessing counts a whole customer's IPv6 network as one, and IPv4 the same in either form", async () => {
    const town = await townWith("alex");
    expect(await guess(town, "alex", "2001:db8::1")).toBe(10);
    expect(await guess(town, "alex", "2001:db8:0:0:ffff::2")).toBe(0);
    expect(await guess(town, "alex", "2001:db8:0:1::1")).toBe(10);
    expect(await guess(town, "alex", "192.0.2.1")).toBe(10);
    expect(await guess(town, "alex", "::ffff:192.0.2.1")).toBe(0);
  });

  test("T31 guessing from one address does not keep the person out elsewhere", async () => {
    const town = await townWith("alex");
    await guess(town, "alex", "192.0.2.1");
    for (let minute = 0; minute < 15; minute++) {
      town.clock.move(MINUTE_MS);
      await guess(town, "alex", "192.0.2.1");
    }
    expect(await town.try("alex", PASSWORD, { address: "198.51.100.7" })).toMatchObject({
      kind: "right",
    });
  });

  test("T31 guessing from everywhere at once is bounded, and does not keep a known browser out", async () => {
    const town = await townWith("alex");
    const first = await town.try("alex", PASSWORD, { address: "198.51.100.7" });
    if (first.kind !== "right") throw new Error(first.kind);
    let compared = 0;
    for (let host = 1; host <= 20; host++) compared += await guess(town, "alex", `10.0.0.${host}`);
    expect(compared).toBe(30);
    const from = { address: "10.0.0.1" };
    expect(await town.try("alex", PASSWORD, from)).toMatchObject({ kind: "wait" });
    expect(await town.try("alex", PASSWORD, { ...from, browser: first.browser })).toMatchObject({
      kind: "right",
    });
    // The mark is the person's own: it opens no lane to another name.
    expect(await town.try("kim", PASSWORD, { ...from, browser: first.browser })).toMatchObject({
      kind: "wait",
    });
    // Nor is it a way around the limits for whoever has taken it.
    const stolen = { ...from, browser: first.browser };
    const tries = [];
    for (let count = 0; count < 12; count++) tries.push(await town.try("alex", "wrong", stolen));
    expect(tries.filter(({ kind }) => kind === "wrong")).toHaveLength(10);
  });

  test("T31 a try is not counted when it was right: nobody waits after signing in often", async () => {
    const town = await townWith("alex");
    for (let count = 0; count < 12; count++) {
      expect(await town.try("alex", PASSWORD)).toMatchObject({ kind: "right" });
    }
  });

  test("T31 guessing takes as long for a name that nobody has", async () => {
    const town = await townWith("alex");
    const timeOf = async (user: string, at: number): Promise<number> => {
      const beginMs = performance.now();
      // Each from an address of its own, and no name often enough to be refused.
      await town.try(user, "a wrong password", { address: `10.1.0.${at}` });
      return performance.now() - beginMs;
    };
    const known: number[] = [];
    const unknown: number[] = [];
    for (let round = 0; round < 11; round++) {
      known.push(await timeOf("alex", round * 2));
      unknown.push(await timeOf(`nobody${round}`, round * 2 + 1));
    }
    const middle = (times: number[]): number => times.sort((a, b) => a - b)[5] ?? Number.NaN;
    const ratio = middle(known) / middle(unknown);
    // Without the hash that nobody has it is a thousand times faster, so noise is no matter.
    expect(ratio).toBeGreaterThan(0.2);
    expect(ratio).toBeLessThan(5);
  });
});
