// The floors of a tree: which folder may import from which. An import goes to a lower floor or stays in its folder, and
// the files of the whole tree form no cycle. The rule knows nothing of any language: it is given the edges.
import type { Violation } from './source_tree';

/** `from` imports `to`; both are paths relative to the top of the tree (`kernel/task.ts`). */
export interface Edge {
  readonly from: string;
  readonly to: string;
}

/** Folders from the lowest floor up; the folders of one floor must not import each other. `.` is the top folder. */
export type Floors = readonly (readonly string[])[];

function folderOf(file: string): string {
  const slash = file.indexOf('/');
  return slash === -1 ? '.' : file.slice(0, slash);
}

/** Files in folders that stand on no floor: a new folder has to be given its place first. */
export function findHomeless(files: readonly string[], floors: Floors): Violation[] {
  const known = new Set(floors.flat());
  return files
    .filter((file) => !known.has(folderOf(file)))
    .map((file) => ({ where: file, what: `its folder '${folderOf(file)}' stands on no floor` }));
}

/** Edges that go up, or sideways to another folder of the same floor. */
export function findClimbs(edges: readonly Edge[], floors: Floors): Violation[] {
  const heights = new Map(floors.flatMap((folders, height) => folders.map((folder) => [folder, height] as const)));
  return edges
    .filter(({ from, to }) => folderOf(from) !== folderOf(to))
    .filter(({ from, to }) => (heights.get(folderOf(to)) ?? Infinity) >= (heights.get(folderOf(from)) ?? -Infinity))
    .map(({ from, to }) => ({ where: from, what: `imports ${to}, which is not on a lower floor` }));
}

/** The cycles of the graph, each once, from its alphabetically first file. A file that imports itself is one too. */
export function findCycles(edges: readonly Edge[]): Violation[] {
  const next = new Map<string, string[]>();
  for (const { from, to } of edges) next.set(from, [...(next.get(from) ?? []), to]);
  const finished = new Set<string>();
  const trail: string[] = [];
  const violations: Violation[] = [];
  const visit = (file: string): void => {
    const start = trail.indexOf(file);
    if (start !== -1) {
      const cycle = trail.slice(start);
      violations.push({ where: file, what: `import cycle ${[...cycle, file].join(' -> ')}` });
      return;
    }
    if (finished.has(file)) return;
    trail.push(file);
    for (const target of [...(next.get(file) ?? [])].sort()) visit(target);
    trail.pop();
    finished.add(file);
  };
  for (const file of [...next.keys()].sort()) visit(file);
  return violations;
}
