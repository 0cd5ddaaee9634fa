/**
 * The C library by bun:ffi, under the names that it has on glibc and musl. Linux only.
 */
import { dlopen, type FFIFunction, type Library } from "bun:ffi";

const NAMES = ["libc.so.6", "libc.so", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"];

/** Its functions by name. @throws when none of the libraries can be opened */
export function openLibc<Functions extends Record<string, FFIFunction>>(
  functions: Functions,
): Library<Functions>["symbols"] {
  let failure: unknown;
  for (const name of NAMES) {
    try {
      return dlopen(name, functions).symbols;
    } catch (thrown) {
      failure = thrown;
    }
  }
  throw failure;
}
