/** Runs the doctor in this process and hands back its findings. */
import type { Finding } from "../../../src/doctor/finding.ts";
import { type DoctorOptions, runDoctor } from "../../../src/cli/doctor.ts";
import { createSystemClock } from "../../../src/runtime/system-clock.ts";
import { testAuthority } from "../../helpers/auth/authority.ts";

/** What came of a walk. */
export interface Walked {
  readonly exitCode: number;
  readonly findings: readonly Finding[];
  /** `level step: text. advice` of what is not ok. */
  readonly complaints: readonly string[];
}

/** Walks to a host of the test domain at this port. */
export function walkTo(
  port: number,
  options: DoctorOptions = {},
  host = "one.mcp.test",
): Promise<Walked> {
  const ca = testAuthority().caFile;
  return walkUrl(`https://${host}:${port}/mcp`, { ca, resolve: [`${host}=127.0.0.1`], ...options });
}

/** Walks to any address. */
export async function walkUrl(url: string, options: DoctorOptions): Promise<Walked> {
  let text = "";
  const exitCode = await runDoctor(
    url,
    { json: true, ...options },
    {
      clock: createSystemClock(),
      print: (part) => {
        text += part;
      },
      complain: (complaint) => {
        throw new Error(complaint);
      },
    },
  );
  const { findings } = JSON.parse(text) as { findings: Finding[] };
  // The port and the given address are the test's own; nobody could call them public.
  const complaints = findings
    .filter(
      ({ level, text: said }) => level !== "ok" && !/^port \d+$|its address was given/.test(said),
    )
    .map(
      ({ level, step, text: said, advice }) =>
        `${level} ${step}: ${said}${advice === undefined ? "" : `. ${advice}`}`,
    );
  return { exitCode, findings, complaints };
}
