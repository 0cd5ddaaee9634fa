/**
 * Pure. What /proc/<pid>/status tells of a process. Its sizes are in kB whatever the page size is.
 */

/** The facts of one process that are read from there. */
export interface ProcessNumbers {
  readonly name: string;
  readonly ppid: number;
  readonly residentBytes: number;
  readonly virtualBytes: number;
  readonly threads: number;
}

const KILOBYTE = 1024;

/** Reads the text of the file; undefined for what has no memory any more, as a zombie. */
export function parseStatus(text: string): ProcessNumbers | undefined {
  const fields = new Map<string, string>();
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  const number = (field: string): number => Number.parseInt(fields.get(field) ?? "0", 10);
  if (!fields.has("VmRSS")) return undefined;
  return {
    name: fields.get("Name") ?? "",
    ppid: number("PPid"),
    residentBytes: number("VmRSS") * KILOBYTE,
    virtualBytes: number("VmSize") * KILOBYTE,
    threads: number("Threads"),
  };
}
