// Takes the main surface apart: each part is loaded when one of its names is first used.

/** The parts by name: what they are for. The core is whatever stands in no room of its own. */
export const PARTS = { core: 'The loop, tasks and operators', sync: 'Primitives, queues and channels', net: 'Sockets' };

/** Returns: the part that a module belongs to. */
export function partOf(module) {
  return ['sync', 'net'].find((room) => new RegExp(`(^|/)${room}/`).test(module)) ?? 'core';
}

/** Returns: the re-exports of one part, as the source of a module beside `lib/index.ts`. */
export function sourceOfPart(surface, part) {
  const statements = surface.match(/^(?:ex|im)port [^;]*;$/gm) ?? [];
  const moduleOf = (statement) => /'([^']+)';$/.exec(statement)?.[1] ?? '';
  return statements.filter((statement) => partOf(moduleOf(statement)) === part).join('\n');
}
