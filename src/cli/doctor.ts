/**
 * The command `doctor`: walks to a server from outside in, as a hosted client does, and says one line
 * for each thing that it looked at: what is wrong, and what to do. Works on any remote MCP server.
 *
 * Owns the report and what the command was given; the looking is in `doctor/`.
 */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import type { Finding, Level } from "../doctor/finding.ts";
import type { WantedCall } from "../doctor/mcp-walk.ts";
import { Net } from "../doctor/net.ts";
import { walk } from "../doctor/walk.ts";
import type { Clock } from "../kernel/clock.ts";
import { messageOf } from "../kernel/error.ts";
import { EXIT } from "./exit-codes.ts";

/** What `doctor` is called with. */
export interface DoctorOptions {
  readonly token?: string;
  readonly tokenFile?: string;
  readonly call?: string;
  readonly arguments?: string;
  readonly dns?: string;
  readonly resolve?: readonly string[];
  readonly ca?: string;
  readonly json?: boolean;
}

/** What the command needs around it. */
export interface DoctorContext {
  readonly clock: Clock;
  readonly print: (text: string) => void;
  /** Says a wrong use in one line. */
  readonly complain: (text: string) => void;
}

const MARKS: Readonly<Record<Level, string>> = {
  ok: "ok     ",
  warning: "warning",
  wrong: "WRONG  ",
  skipped: "-      ",
};
const STEP_WIDTH = 13;

/** Walks and reports. @returns the exit code */
export async function runDoctor(
  typed: string,
  options: DoctorOptions,
  { clock, print, complain }: DoctorContext,
): Promise<number> {
  const asked = await read(typed, options);
  if (typeof asked === "string") {
    complain(asked);
    return EXIT.usage;
  }
  const findings: Finding[] = [];
  const tell = (finding: Finding): void => {
    findings.push(finding);
    if (options.json !== true) print(lineOf(finding));
  };
  const net = new Net({ ...asked, clock });
  const randomText = (): string => randomBytes(32).toString("base64url");
  await walk({ ...asked, typed, net, clock, randomText, tell });
  const count = (level: Level): number => findings.filter((one) => one.level === level).length;
  const isWell = count("wrong") === 0;
  if (options.json === true)
    print(`${JSON.stringify({ url: typed, ok: isWell, findings }, null, 2)}\n`);
  else
    print(
      `${count("wrong")} wrong, ${count("warning")} ${count("warning") === 1 ? "warning" : "warnings"}, ${count("ok")} ok\n`,
    );
  return isWell ? EXIT.stopped : EXIT.bug;
}

function lineOf({ step, level, text, advice }: Finding): string {
  return `${MARKS[level]}  ${step.padEnd(STEP_WIDTH)} ${text}${advice === undefined ? "" : `. ${advice}`}\n`;
}

interface Asked {
  readonly url: URL;
  readonly token: string | undefined;
  readonly call: WantedCall | undefined;
  readonly nameServer: string | undefined;
  readonly addresses: ReadonlyMap<string, string>;
  readonly ca: string | undefined;
}

/** What was asked for, or what is wrong with it. */
async function read(typed: string, options: DoctorOptions): Promise<Asked | string> {
  const url = URL.canParse(typed) ? new URL(typed) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    return `${JSON.stringify(typed)} is no http or https address`;
  if (url.username !== "" || url.hash !== "")
    return "an address of a server has neither a user nor a #";
  const addresses = new Map<string, string>();
  for (const pair of options.resolve ?? []) {
    const [host = "", address = ""] = pair.split("=");
    if (host === "" || isIP(address) === 0)
      return `--resolve wants HOST=ADDRESS, not ${JSON.stringify(pair)}`;
    addresses.set(host, address);
  }
  const { dns } = options;
  if (dns !== undefined && !/^[\d.]+(?::\d+)?$|^[\da-f:]+$|^\[[\da-f:]+\]:\d+$/i.test(dns))
    return `--dns wants an address such as 1.1.1.1, not ${JSON.stringify(dns)}`;
  try {
    const token = await readToken(options);
    const ca = options.ca === undefined ? undefined : readFileSync(options.ca, "utf8");
    const args: unknown = JSON.parse(options.arguments ?? "{}");
    const { call: tool } = options;
    const call = tool === undefined ? undefined : { tool, arguments: args };
    return { url, token, call, nameServer: dns, addresses, ca };
  } catch (error) {
    return messageOf(error);
  }
}

async function readToken({ token, tokenFile }: DoctorOptions): Promise<string | undefined> {
  const text =
    tokenFile === undefined
      ? token
      : tokenFile === "-"
        ? await Bun.stdin.text()
        : readFileSync(tokenFile, "utf8");
  const trimmed = text?.trim();
  if (trimmed !== undefined && !/^[\x21-\x7e]+$/.test(trimmed))
    throw new Error("the token is no single word");
  return trimmed;
}
