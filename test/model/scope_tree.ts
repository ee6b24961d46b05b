// What the checker knows of scopes by itself: where each body stands, and what can be seen from there.
import { CancelledError, type CancelScope, type Future, type Task } from '../../lib/index';

/** Where a body stands. Of a region without a scope that users see nobody knows from here whether it is cancelled. */
export interface Place {
  readonly scope: CancelScope | null;
  readonly parent: Place | null;
}

/** A wait that owns nothing. */
export interface Leaf {
  readonly at: Place;
  readonly task: Task<unknown>;
  readonly future: Future<unknown>;
}

/** Outside all scopes. */
export const ROOT: Place = { scope: null, parent: null };
const isRegion = (place: Place): boolean => place.scope === null && place.parent !== null;
/** Returns: whether it was cancelled, without looking at its deadline. */
export const isCancelled = (scope: CancelScope): boolean => (scope as unknown as { _cause: unknown })._cause !== null;

/** The outermost cancelled scope that is visible from a place; undefined if a region on the way makes it unknowable. */
export function visibleFrom(place: Place): CancelScope | null | undefined {
  let found: CancelScope | null = null;
  for (let p: Place | null = place; p !== null; p = p.parent) {
    if (isRegion(p)) return undefined;
    if (p.scope === null) break;
    if (isCancelled(p.scope)) found = p.scope;
    if (p.scope.shield) break;
  }
  return found;
}

/** Returns: whether a place is in a scope, as far as that can be known. */
export function holds(place: Place, scope: unknown): boolean {
  for (let p: Place | null = place; p !== null; p = p.parent) if (p.scope === scope || isRegion(p)) return true;
  return false;
}

/** How a scope ended: what its body threw, what was visible then, what the scope threw, and whether its task was asked. */
export interface ScopeEnd {
  readonly scope: CancelScope;
  readonly ended: unknown;
  readonly outer: unknown;
  readonly thrown: unknown;
  readonly wasAsked: boolean;
}

/** Returns: what is wrong with it, or null. */
export function wrongEnd({ scope, ended, outer, thrown, wasAsked }: ScopeEnd): string | null {
  if (ended instanceof AggregateError) return null;
  const isOwn = ended instanceof CancelledError && ended.scope === scope;
  const isTaken = isOwn && outer !== scope && outer !== null;
  const isCaught = isOwn && !isTaken && !wasAsked;
  if (scope.cancelledCaught !== isCaught) return `cancelledCaught is ${scope.cancelledCaught}`;
  if (isCaught) return thrown === null ? null : 'a scope did not catch its own cancellation';
  if (!isOwn) return thrown === ended ? null : 'a scope changed an error that is not its own';
  const seen = (thrown as CancelledError | null)?.scope;
  if (isTaken) return seen === outer ? null : 'an outer scope did not take the cancellation over';
  return seen === null ? null : 'a scope swallowed a request';
}
