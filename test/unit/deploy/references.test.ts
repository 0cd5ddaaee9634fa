/** Which variables a config file names, and what a `.env` file holds. */
import { expect, test } from "bun:test";
import { parseEnvFile } from "../../../src/deploy/env-file.ts";
import { imageFor } from "../../../src/deploy/image-target.ts";
import { referencesIn } from "../../../src/deploy/references.ts";

test.each([
  ["${A}", [{ name: "A", hasDefault: false }]],
  [
    "${A:-x} ${B}",
    [
      { name: "A", hasDefault: true },
      { name: "B", hasDefault: false },
    ],
  ],
  [
    "${A:-${B}}",
    [
      { name: "A", hasDefault: true },
      { name: "B", hasDefault: false },
    ],
  ],
  ["${A:-x} ${A}", [{ name: "A", hasDefault: false }]],
  ["$${A} ${file:/run/secrets/a} ${SERVER_DATA}/x $A", []],
])("%s names %j", (text, expected) => {
  expect(referencesIn(text)).toEqual(expected);
});

test.each([
  ["A=1\nB=two words # comment", { A: "1", B: "two words" }],
  ["export A='x # y'\r\nB=\"q\" # c", { A: "x # y", B: "q" }],
  ["# A=1\n\nnonsense\n1A=2\nC=", { C: "" }],
  ["A=1\nA=2", { A: "2" }],
  ["A=b#c", { A: "b#c" }],
])("a .env file %j", (text, expected) => {
  expect(parseEnvFile(text)).toEqual(expected);
});

test("the small image serves what the executable runs itself, and only that", () => {
  const own = ["npx", "bunx", "node", "bun"].map((command) => ({ name: command, command }));
  expect(imageFor(own)).toEqual({ target: "distroless", because: [] });
  expect(imageFor([...own, { name: "time", command: "uvx" }])).toEqual({
    target: "full",
    because: [{ server: "time", command: "uvx" }],
  });
});
