/** What is said about a child that cannot be started, and whether trying again makes sense. */
import { describe, expect, test } from "bun:test";
import { spawnFailure, type SpawnFacts } from "../../../src/supervisor/spawn-failure.ts";

interface Case {
  readonly name: string;
  readonly code: string;
  readonly facts?: Partial<SpawnFacts>;
  readonly retryable: boolean;
  readonly says: readonly string[];
}

const cases: readonly Case[] = [
  { name: "missing program", code: "ENOENT", retryable: false, says: ["no such program", "PATH"] },
  {
    name: "script without its interpreter",
    code: "ENOENT",
    facts: { commandExists: true },
    retryable: false,
    says: ["interpreter"],
  },
  { name: "not executable", code: "EACCES", retryable: false, says: ["chmod +x"] },
  { name: "wrong format", code: "ENOEXEC", retryable: false, says: ["not a program"] },
  {
    name: "missing cwd",
    code: "ENOENT",
    facts: { cwdProblem: "missing" },
    retryable: false,
    says: ["does not exist", "Create the folder"],
  },
  {
    name: "cwd is a file",
    code: "",
    facts: { cwdProblem: "not-a-folder" },
    retryable: false,
    says: ["no folder"],
  },
  {
    name: "cwd is closed to us",
    code: "EACCES",
    facts: { cwdProblem: "no-access" },
    retryable: false,
    says: ["may not be entered"],
  },
  { name: "process table full", code: "EAGAIN", retryable: true, says: ["EAGAIN"] },
  { name: "no descriptors left", code: "EMFILE", retryable: true, says: ["EMFILE"] },
];

describe("spawnFailure", () => {
  for (const { name, code, facts, retryable, says } of cases) {
    test(name, () => {
      const thrown = Object.assign(new Error("raw"), { code });
      const command = {
        command: "uvx",
        args: ["--token", "s3cret"],
        cwd: "/data/x",
        env: { K: "s3cret" },
      };
      const error = spawnFailure(
        command,
        { cwdProblem: undefined, commandExists: false, ...facts },
        thrown,
      );
      expect(error.code).toBe("UPSTREAM_SPAWN_FAILED");
      expect(error.retryable).toBe(retryable);
      for (const part of ['"uvx"', '"/data/x"', ...says]) expect(error.message).toContain(part);
      expect(error.message).not.toContain("s3cret");
    });
  }
});
