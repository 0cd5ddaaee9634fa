/**
 * Pure. Paths of POSIX systems as text; nothing here looks at a file system.
 */

/** `path` made absolute from `folder` (itself absolute), without `.`, `..` and doubled slashes. */
export function absolutePath(folder: string, path: string): string {
  const whole = path.startsWith("/") ? path : `${folder}/${path}`;
  const parts: string[] = [];
  for (const part of whole.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

/** A `file://` URI of an absolute path, with what a URI cannot hold escaped. */
export function fileUri(path: string): string {
  return `file://${path.split("/").map(encodeURIComponent).join("/")}`;
}
