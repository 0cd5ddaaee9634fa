/** A supervisor with the machine's clock, its events, and instances that are ready when they speak. */
import { resolve } from "node:path";
import type { GatewayEvent, InstanceState } from "../../../src/kernel/event.ts";
import { createSystemClock } from "../../../src/runtime/system-clock.ts";
import type {
  ChildExit,
  Incarnation,
  Instance,
  InstanceOptions,
  Supervisor,
} from "../../../src/supervisor/model.ts";
import { createSupervisor, type SupervisorOptions } from "../../../src/supervisor/supervisor.ts";

const SERVERS = resolve(import.meta.dir, "../../fixtures/servers");
/** How the guardian is started from source. */
export const GUARDIAN_COMMAND = [process.execPath, resolve(import.meta.dir, "guardian-entry.ts")];
/** No guardian: for tests that are not about it. */
export const UNGUARDED = {
  pid: process.pid,
  platform: process.platform,
  systemdExecPid: String(process.pid),
};
/** With a guardian. */
export const GUARDED = { ...UNGUARDED, systemdExecPid: undefined };

/** A supervisor and all that it emitted so far. */
export interface Harness {
  readonly supervisor: Supervisor;
  readonly events: GatewayEvent[];
}

/** A supervisor with short stop times, without a guardian unless `host` says otherwise. */
export function createHarness(options: Partial<SupervisorOptions> = {}): Harness {
  const events: GatewayEvent[] = [];
  const supervisor = createSupervisor({
    clock: createSystemClock(),
    emit: (event) => events.push(event),
    random: Math.random,
    selfCommand: GUARDIAN_COMMAND,
    host: UNGUARDED,
    stopTimes: { stdinMs: 250, termMs: 250, killMs: 1_000 },
    ...options,
  });
  return { supervisor, events };
}

/** An instance and what is known of its incarnations. */
export interface Spoken {
  readonly instance: Instance;
  /** All that the incarnations wrote to stdout. */
  readonly text: () => string;
  readonly incarnations: Incarnation[];
  readonly exits: ChildExit[];
}

/** An instance of a program; it is ready when its stdout holds `readyWhen`. */
export function createSpoken(
  supervisor: Supervisor,
  command: readonly [string, ...string[]],
  options: Partial<InstanceOptions> & { readonly readyWhen?: string } = {},
): Spoken {
  let text = "";
  const incarnations: Incarnation[] = [];
  const exits: ChildExit[] = [];
  const decoder = new TextDecoder();
  const { readyWhen = "", ...rest } = options;
  const [program, ...args] = command;
  const instance = supervisor.createInstance({
    server: "tested",
    label: "shared",
    command: { command: program, args, cwd: undefined, env: { PATH: process.env["PATH"] ?? "" } },
    secrets: [],
    restart: "on-failure",
    startTimeoutMs: 10_000,
    connect: (incarnation) => {
      incarnations.push(incarnation);
      return new Promise((done) => {
        if (readyWhen === "") done();
        incarnation.onStdout = (chunk) => {
          text += decoder.decode(chunk, { stream: true });
          if (text.includes(readyWhen)) done();
        };
      });
    },
    onExit: (_, exit) => {
      exits.push(exit);
    },
    ...rest,
  });
  return { instance, text: () => text, incarnations, exits };
}

/** The command that runs one of the fixture servers. */
export function fixture(name: string, ...args: readonly string[]): [string, ...string[]] {
  return [process.execPath, resolve(SERVERS, `${name}.ts`), ...args];
}

/** The number after `word` in a text such as "grandchild 123". */
export function pidAfter(text: string, word: string): number {
  const found = new RegExp(`${word} (\\d+)\\n`).exec(text)?.[1];
  if (found === undefined) throw new Error(`no "${word} <pid>" in ${JSON.stringify(text)}`);
  return Number(found);
}

/** The states that were entered, with their causes. */
export function statesOf(events: readonly GatewayEvent[]): readonly InstanceState[] {
  return events.flatMap((event) => (event.kind === "instance.state" ? [event.to] : []));
}

/** Why a state was entered, each time. */
export function causesOf(events: readonly GatewayEvent[], to: InstanceState): readonly string[] {
  return events.flatMap((event) =>
    event.kind === "instance.state" && event.to === to ? [event.cause] : [],
  );
}

/** What people were told. */
export function noticesOf(events: readonly GatewayEvent[]): readonly string[] {
  return events.flatMap((event) => (event.kind === "gateway.notice" ? [event.message] : []));
}
