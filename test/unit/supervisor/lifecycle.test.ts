/** The table of src/supervisor/lifecycle.ts, row by row, and that nothing else happens. */
import { describe, expect, test } from "bun:test";
import {
  endIsFailure,
  isServing,
  isWanted,
  type LifecycleEvent,
  type Phase,
  step,
} from "../../../src/supervisor/lifecycle.ts";

const RETRY = { kind: "retry", delayMs: 500 } as const;
const GIVE_UP = { kind: "give-up", retryInMs: 9_000 } as const;
const FOR_GOOD = { kind: "give-up", retryInMs: undefined } as const;
const REST = { kind: "rest" } as const;

const EVENTS: Readonly<Record<string, LifecycleEvent>> = {
  start: { type: "start" },
  stop: { type: "stop" },
  doze: { type: "doze" },
  restart: { type: "restart" },
  doubted: { type: "doubted" },
  recovered: { type: "recovered" },
  refused: { type: "refused", verdict: FOR_GOOD },
  connected: { type: "connected" },
  faulted: { type: "faulted" },
  "ended, retry": { type: "ended", verdict: RETRY },
  "ended, give up": { type: "ended", verdict: GIVE_UP },
  "ended, rest": { type: "ended", verdict: REST },
  due: { type: "due" },
};

function phaseOf(name: string): Phase {
  const then = name.split("/")[1];
  if (then === "rest" || then === "idle" || then === "restart" || then === "verdict")
    return { state: "stopping", then };
  if (name === "stopped" || name === "idle" || name === "starting") return { state: name };
  if (name === "ready" || name === "degraded") return { state: name };
  if (name === "backoff" || name === "failed") return { state: name };
  throw new Error(`no phase ${name}`);
}

function nameOf(phase: Phase): string {
  return phase.state === "stopping" ? `stopping/${phase.then}` : phase.state;
}

/** phase → event → next phase and commands; what is not listed changes nothing. */
const TABLE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  stopped: { start: "starting: spawn", restart: "starting: spawn" },
  idle: { start: "starting: spawn", restart: "starting: spawn", stop: "stopped: " },
  starting: {
    stop: "stopping/rest: end-child",
    restart: "stopping/restart: end-child",
    refused: "failed: ",
    connected: "ready: ",
    faulted: "stopping/verdict: end-child",
    "ended, retry": "backoff: wait 500",
    "ended, give up": "failed: wait 9000",
    "ended, rest": "stopped: ",
  },
  ready: {
    stop: "stopping/rest: end-child",
    doze: "stopping/idle: end-child",
    restart: "stopping/restart: end-child",
    doubted: "degraded: ",
    refused: "failed: ",
    faulted: "stopping/verdict: end-child",
    "ended, retry": "backoff: wait 500",
    "ended, give up": "failed: wait 9000",
    "ended, rest": "stopped: ",
  },
  degraded: {
    stop: "stopping/rest: end-child",
    doze: "stopping/idle: end-child",
    restart: "stopping/restart: end-child",
    recovered: "ready: ",
    refused: "failed: ",
    faulted: "stopping/verdict: end-child",
    "ended, retry": "backoff: wait 500",
    "ended, give up": "failed: wait 9000",
    "ended, rest": "stopped: ",
  },
  backoff: {
    due: "starting: spawn",
    restart: "starting: cancel-wait spawn",
    stop: "stopped: cancel-wait",
  },
  failed: {
    due: "starting: spawn",
    restart: "starting: cancel-wait spawn",
    stop: "stopped: cancel-wait",
  },
  "stopping/rest": {
    start: "stopping/restart: ",
    restart: "stopping/restart: ",
    "ended, retry": "stopped: ",
    "ended, give up": "stopped: ",
    "ended, rest": "stopped: ",
  },
  "stopping/idle": {
    start: "stopping/restart: ",
    restart: "stopping/restart: ",
    stop: "stopping/rest: ",
    "ended, retry": "idle: ",
    "ended, give up": "idle: ",
    "ended, rest": "idle: ",
  },
  "stopping/restart": {
    stop: "stopping/rest: ",
    "ended, retry": "starting: spawn",
    "ended, give up": "starting: spawn",
    "ended, rest": "starting: spawn",
  },
  "stopping/verdict": {
    stop: "stopping/rest: ",
    restart: "stopping/restart: ",
    "ended, retry": "backoff: wait 500",
    "ended, give up": "failed: wait 9000",
    "ended, rest": "stopped: ",
  },
};

describe("every phase × every event", () => {
  for (const [from, row] of Object.entries(TABLE)) {
    for (const [eventName, event] of Object.entries(EVENTS)) {
      const expected = row[eventName] ?? `${from}: `;
      test(`${from} + ${eventName} → ${expected}`, () => {
        const { phase, commands } = step(phaseOf(from), event);
        const words = commands.map((each) =>
          each.do === "wait" ? `wait ${each.delayMs}` : each.do,
        );
        expect(`${nameOf(phase)}: ${words.join(" ")}`).toBe(expected);
      });
    }
  }
});

test("an end is a failure unless a stop was asked for", () => {
  const failures = Object.keys(TABLE).filter((name) => endIsFailure(phaseOf(name)));
  expect(failures.filter((name) => name.startsWith("stopping"))).toEqual(["stopping/verdict"]);
  expect(failures).toContain("ready");
});

test("all phases but rest and the way to it are wanted", () => {
  const unwanted = Object.keys(TABLE).filter((name) => !isWanted(phaseOf(name)));
  expect(unwanted).toEqual(["stopped", "idle", "stopping/rest", "stopping/idle"]);
});

test("requests are given to what is ready, also when somebody doubts it", () => {
  const serving = Object.keys(TABLE).filter((name) => isServing(phaseOf(name)));
  expect(serving).toEqual(["ready", "degraded"]);
});
