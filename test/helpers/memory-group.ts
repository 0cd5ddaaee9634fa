/** Control groups with a limit of memory, as a container has one; for tests that need the kernel to act. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = "/sys/fs/cgroup";

/**
 * A control group with the limit, of version 1 or 2; removed by `rmdirSync` once it is empty.
 * @throws Error where none may be made: without root, or in most containers
 */
export function makeMemoryGroup(name: string, limitBytes: number): string {
  const lines = readFileSync("/proc/self/cgroup", "utf8").split("\n");
  const own = lines.find((line) => /^\d+:memory:/.test(line))?.split(":")[2];
  const isFirst = own !== undefined && existsSync(join(ROOT, "memory"));
  if (!isFirst) writeFileSync(join(ROOT, "cgroup.subtree_control"), "+memory");
  const group = isFirst ? join(ROOT, "memory", own, name) : join(ROOT, name);
  mkdirSync(group);
  const limit = join(group, isFirst ? "memory.limit_in_bytes" : "memory.max");
  writeFileSync(limit, String(limitBytes));
  return group;
}

/** Whether such groups can be made here. */
export function mayLimitMemory(): boolean {
  try {
    rmdirSync(makeMemoryGroup(`remote-mcp-proxy-probe-${process.pid}`, 2 ** 30));
    return true;
  } catch {
    return false; // that it cannot is the answer
  }
}
