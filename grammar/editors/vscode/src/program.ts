import { existsSync } from "node:fs";
import { basename, delimiter, isAbsolute, join } from "node:path";

/** The program that is started: the one that is set, that of an environment in a folder, else the one on the path. */
export function programOf(set: string, folders: readonly string[]): string {
  if (set) {
    // relative to a folder that is open; a bare name that is not there is looked up on the path, as a shell would
    const inside = isAbsolute(set) ? undefined : folders.map((folder) => join(folder, set)).find(existsSync);
    return inside ?? set;
  }
  const place = process.platform === "win32" ? ["Scripts", "mlopsc.exe"] : ["bin", "mlopsc"];
  return folders.map((folder) => join(folder, ".venv", ...place)).find(existsSync) ?? "mlopsc";
}

/** Whether there is such a program: a file, or a bare name that is on the path. */
export function isThere(program: string): boolean {
  if (basename(program) !== program) {
    return existsSync(program);
  }
  const endings = process.platform === "win32" ? [".exe", ".cmd", ".bat"] : [""];
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter(Boolean);
  return folders.some((folder) => endings.some((ending) => existsSync(join(folder, program + ending))));
}
