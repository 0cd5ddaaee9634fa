/**
 * The settings file that our runtime is given, so that it looks for none: an empty one. That is
 * `/dev/null` where there is such a device, which a bare chroot has not; then it is a file of our own.
 */
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const DEVICE = "/dev/null";

/** Its path; the file is made in `folder` when it is needed. @throws the error of the file system */
export function emptySettings(folder: string): string {
  if (statSync(DEVICE, { throwIfNoEntry: false })?.isCharacterDevice() === true) return DEVICE;
  const file = join(folder, "empty.toml");
  if (statSync(file, { throwIfNoEntry: false })?.size !== 0) {
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    writeFileSync(file, "", { mode: 0o644 });
  }
  readFileSync(file);
  return file;
}

/** Words before anything else on the command line of the runtime: no settings, no `.env`. */
export function guardWords(settings: string): readonly string[] {
  return ["--no-env-file", `--config=${settings}`];
}
