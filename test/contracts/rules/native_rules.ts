// What an #include and an #if may do in native code: includes go down the floors and are written from native/, Node's
// headers stay in the addon (libuv's in one file), and a platform difference is a different file, never a condition.
import { functionsOf } from './cpp_scanner';
import type { Edge } from './floors';
import type { SourceFile, Violation } from './source_tree';

const nodeHeaders = new Set(['node_api.h', 'js_native_api.h', 'node_api_types.h', 'napi.h', 'node.h', 'v8.h']);
const platformMacro =
  /\b(__linux__|__linux|__gnu_linux__|__APPLE__|__MACH__|TARGET_OS_\w+|__(?:Free|Open|Net)BSD__|__DragonFly__|__ANDROID__|_WIN32|__unix__|__GLIBC__|__has_include)\b/;

interface Include {
  readonly name: string;
  readonly isQuoted: boolean;
}

function includesOf(file: SourceFile): Include[] {
  const lines = file.text.matchAll(/^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]/gm);
  return [...lines].map((match) => ({ name: match[2] ?? '', isQuoted: match[1] === '"' }));
}

/** The edges between files of native/: quoted includes that name a file of the tree. */
export function includeEdges(files: readonly SourceFile[]): Edge[] {
  return files.flatMap((file) =>
    includesOf(file)
      .filter((include) => include.isQuoted && include.name.includes('/'))
      .map((include) => ({ from: withoutTop(file.path), to: include.name })),
  );
}

function withoutTop(file: string): string {
  return file.replace(/^native\//, '');
}

/** Quoted includes that are not written from native/ as root, and those of files that do not exist. */
export function findStrayIncludes(files: readonly SourceFile[]): Violation[] {
  const known = new Set(files.map((file) => withoutTop(file.path)));
  return files.flatMap((file) =>
    includesOf(file)
      .filter((include) => include.isQuoted && !known.has(include.name))
      .map((include) => ({ where: file.path, what: `includes "${include.name}", which is no path from native/` })),
  );
}

/** Node's headers outside addon/, and libuv's header in more than the one file that is named. */
export function findHostHeaders(files: readonly SourceFile[], uvFile: string): Violation[] {
  return files.flatMap((file) =>
    includesOf(file).flatMap(({ name }) => {
      if (nodeHeaders.has(name) && !file.path.startsWith('native/addon/')) {
        return [{ where: file.path, what: `includes ${name} outside addon/` }];
      }
      const isUv = name === 'uv.h' || name.startsWith('uv/');
      return isUv && file.path !== uvFile ? [{ where: file.path, what: `includes ${name}: only ${uvFile} may` }] : [];
    }),
  );
}

function isPlatformFile(file: string, owned: readonly string[]): boolean {
  return /_(?:linux|darwin|macos|bsd)\.(?:h|cc|cpp)$/.test(file) || owned.includes(file);
}

/** Conditions on a platform in files that belong to none; `owned` lists files of one platform without its suffix. */
export function findPlatformConditions(files: readonly SourceFile[], owned: readonly string[]): Violation[] {
  return files
    .filter((file) => !isPlatformFile(file.path, owned))
    .flatMap((file) => conditionsOf(file).filter(({ text }) => platformMacro.test(text)).map(({ text, line }) => ({
      where: `${file.path}:${line}`,
      what: `asks for the platform: ${text.trim()}`,
    })));
}

/** Conditional compilation inside a function: two programs in one body. */
export function findConditionsInBodies(files: readonly SourceFile[]): Violation[] {
  return files.flatMap((file) => {
    const functions = functionsOf(file);
    return conditionsOf(file).flatMap(({ line }) => {
      const around = functions.find(({ first, last }) => line > first && line < last);
      return around === undefined ? [] : [{ where: `${file.path}:${line}`, what: `#if inside ${around.name}` }];
    });
  });
}

function conditionsOf(file: SourceFile): { readonly text: string; readonly line: number }[] {
  return file.text
    .split('\n')
    .map((text, index) => ({ text, line: index + 1 }))
    .filter(({ text }) => /^\s*#\s*(?:if|ifdef|ifndef|elif)\b/.test(text));
}
