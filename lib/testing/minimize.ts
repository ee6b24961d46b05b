// Making a failing run smaller: fewer faults, and fewer choices that differ from the first possible one.

/** Tries a smaller list. Returns: whether the run still fails. */
export type StillFails<T> = (items: readonly T[]) => Promise<boolean>;

/**
 * Delta debugging: leaves out parts, halves first and single items last, for as long as `stillFails`.
 *
 * Returns: a list from which no single item can be left out, unless `mayGoOn` ended the search.
 * Source: Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002.
 */
export async function smallestList<T>(
  items: readonly T[],
  stillFails: StillFails<T>,
  mayGoOn: () => boolean,
): Promise<readonly T[]> {
  if (items.length === 0 || (mayGoOn() && (await stillFails([])))) return [];
  let best = items;
  for (let parts = 2; best.length > 1; ) {
    const size = Math.ceil(best.length / parts);
    const next = await withoutOnePart(best, size, stillFails, mayGoOn);
    if (next !== null) {
      best = next;
      parts = Math.max(2, parts - 1);
    } else if (size === 1) {
      break;
    } else {
      parts = Math.min(best.length, parts * 2);
    }
  }
  return best;
}

async function withoutOnePart<T>(
  items: readonly T[],
  size: number,
  stillFails: StillFails<T>,
  mayGoOn: () => boolean,
): Promise<readonly T[] | null> {
  for (let start = 0; start < items.length; start += size) {
    const rest = [...items.slice(0, start), ...items.slice(start + size)];
    if (rest.length === items.length || rest.length === 0) continue;
    if (!mayGoOn()) return null;
    if (await stillFails(rest)) return rest;
  }
  return null;
}
