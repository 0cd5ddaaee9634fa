/**
 * The command `reload`: the gateway reads its configuration again.
 */
import { failureOf, type AdminClient } from "./admin-client.ts";
import { oneLine } from "./columns.ts";
import { EXIT } from "./exit-codes.ts";

interface Report {
  readonly outcome: "applied" | "unchanged" | "refused";
  readonly started: readonly string[];
  readonly stopped: readonly string[];
  readonly replaced: readonly string[];
  readonly kept: readonly { readonly server: string; readonly reason: string }[];
  readonly needRestart: readonly string[];
  readonly problems: readonly string[];
}

/** Does it and prints what has changed. @returns 0, or 78 when the file was refused. @throws CommandFailure */
export async function reload(
  client: AdminClient,
  { json, print }: { readonly json: boolean; readonly print: (text: string) => void },
): Promise<number> {
  const { status, text } = await client.request("/admin/reload", { method: "POST" });
  if (status !== 200 && status !== 422) throw failureOf(text, status);
  const report = JSON.parse(text) as Report;
  print(json ? `${JSON.stringify(report, null, 2)}\n` : asText(report));
  return report.outcome === "refused" ? EXIT.configuration : EXIT.stopped;
}

const OUTCOMES: Readonly<Record<Report["outcome"], string>> = {
  applied: "The configuration was read again.",
  unchanged: "The configuration was read again; no server has changed.",
  refused: "The configuration was not taken; everything stays as it was.",
};

function asText(report: Report): string {
  const { outcome, started, stopped, replaced, kept, needRestart, problems } = report;
  const lists = [
    ["started", started],
    ["stopped", stopped],
    ["replaced", replaced],
    ["waits for the next start", needRestart],
  ] as const;
  const lines = [
    ...problems,
    OUTCOMES[outcome],
    ...lists.flatMap(([what, names]) =>
      names.length === 0 ? [] : [`${what}: ${names.join(", ")}`],
    ),
    ...kept.map(({ server, reason }) => `kept as it was: ${server} (${reason})`),
  ];
  return lines.map((line) => `${oneLine(line)}\n`).join("");
}
