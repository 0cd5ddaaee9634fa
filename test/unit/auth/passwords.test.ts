/** Which passwords are good enough, and how many are compared at once. */
import { describe, expect, test } from "bun:test";
import { faultOfPassword, PasswordHasher } from "../../../src/auth/passwords.ts";

const good = ["correct horse battery", "xK9#mmqLp2vT", "ein sehr langer satz", "пароль-длинный"];
const bad: readonly (readonly [password: string, fault: RegExp])[] = [
  ["", /at least 12/],
  ["short", /at least 12/],
  ["elevenchars", /at least 12/],
  ["aaaaaaaaaaaaaaaa", /different/],
  ["abababababababab", /different/],
  ["x".repeat(10) + "abcdefgh".repeat(40), /at most/],
  ["Password1234", /first that are guessed/],
  ["passwort-2026!", /first that are guessed/],
  ["123456789012", /first that are guessed/],
  ["alexandra-1984", /first that are guessed/],
];

describe("a password", () => {
  for (const password of good)
    test(`${password} is good`, () => {
      expect(faultOfPassword(password, "alexandra")).toBeUndefined();
    });
  for (const [password, fault] of bad)
    test(`${password.slice(0, 20)} is not: ${fault.source}`, () => {
      expect(faultOfPassword(password, "alexandra")).toMatch(fault);
    });

  test("is the same however its characters are composed", async () => {
    const hasher = new PasswordHasher();
    const hash = await hasher.hash("caf\u00e9 au lait noir");
    expect(hash).toStartWith("$argon2id$v=19$m=19456,t=2,p=1$");
    expect(await hasher.verify("cafe\u0301 au lait noir", hash, false)).toBeTrue();
    expect(await hasher.verify("cafe au lait noir", hash, false)).toBeFalse();
  });

  test("is never right without a hash", async () => {
    expect(await new PasswordHasher().verify("", undefined, false)).toBeFalse();
  });
});

test("T31 no more than a short line of strangers waits, and people who are known go first", async () => {
  const hasher = new PasswordHasher();
  const order: string[] = [];
  const note = (who: string, running: Promise<boolean> | undefined): Promise<void> | undefined =>
    running?.then(() => void order.push(who));
  const strangers = Array.from({ length: 100 }, () =>
    note("stranger", hasher.verify("guess", undefined, false)),
  ).filter((one) => one !== undefined);
  // Two are at work, sixteen wait, all others were sent away.
  expect(strangers).toHaveLength(18);
  const known = note("known", hasher.verify("guess", undefined, true));
  expect(known).toBeDefined();
  await Promise.all([...strangers, known]);
  expect(order.indexOf("known")).toBeLessThan(5);
  expect(order).toHaveLength(19);
  // The line is open again.
  expect(await hasher.verify("guess", undefined, false)).toBeFalse();
});
