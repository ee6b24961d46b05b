// Programs of the system: on the path, or where Debian's packages of LLVM put them.
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';

/** The program's file, or null. */
export function findOnPath(name, more = []) {
  const folders = [...process.env.PATH.split(path.delimiter), ...more];
  return folders.map((folder) => path.join(folder, name)).find((file) => existsSync(file)) ?? null;
}

/** A tool of LLVM. Throws where there is none, with the packages to install. */
export function findLlvmTool(name) {
  const debian = '/usr/lib';
  const versions = existsSync(debian) ? readdirSync(debian).filter((entry) => entry.startsWith('llvm-')) : [];
  const found = findOnPath(name, versions.map((entry) => path.join(debian, entry, 'bin')));
  if (found === null) throw new Error(`the darwin targets need ${name}, which is not here: apt-get install lld llvm`);
  return found;
}
