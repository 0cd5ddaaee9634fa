/**
 * Takes this process out of the reach of other processes of the same user, children foremost: its
 * environment and its memory can then be read by root only (`/proc/PID/environ`, `/proc/PID/mem`,
 * ptrace), and it leaves no core dump. Children get the kernel's default again when they execute.
 *
 * Of no use for root's own processes, which may read everything. Linux only.
 * @see https://man7.org/linux/man-pages/man2/PR_SET_DUMPABLE.2const.html
 */
import { messageOf } from "../kernel/error.ts";

const PR_SET_DUMPABLE = 4;
/** glibc, then musl on both architectures. */
const LIBRARIES = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"];

/** Hides it. @returns why that could not be done, in words; undefined when it was done */
export async function hideMemory(platform: string): Promise<string | undefined> {
  if (platform !== "linux") return `${platform} has no way for it`;
  const { dlopen } = await import("bun:ffi");
  let why = "no C library was found";
  for (const library of LIBRARIES) {
    try {
      const prctl = { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" } as const;
      const { symbols, close } = dlopen(library, { prctl });
      const answer = symbols.prctl(PR_SET_DUMPABLE, 0n, 0n, 0n, 0n);
      close();
      return answer === 0 ? undefined : "the kernel refused";
    } catch (error) {
      why = messageOf(error);
    }
  }
  return why;
}
