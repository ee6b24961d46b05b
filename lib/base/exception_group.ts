// Several errors kept together as one. The nesting is data: splitting a group keeps its shape, and leaves keep identity.

import { ArgumentTypeError, CancelledError } from './errors.js';
import { isError, printable } from './values.js';

/** Chooses leaves: a predicate, or an Error class. */
export type LeafMatcher = ((error: unknown) => boolean) | (abstract new (...args: never[]) => Error);

/**
 * Several errors that happened together, in the order in which they happened.
 *
 * Throws: ArgumentTypeError if `errors` is empty or holds something that is not an Error.
 * Source: Python's ExceptionGroup (PEP 654), as an AggregateError.
 */
export class ExceptionGroup extends AggregateError {
  readonly code: string = 'ERR_EXCEPTION_GROUP';
  declare errors: Error[];
  /** @internal Whether a leaf was a CancelledError, so that a scope need not look through deep nestings in vain. */
  declare readonly _holdsCancelled: boolean;

  constructor(errors: Iterable<Error>, message = 'several errors happened', options?: ErrorOptions) {
    const list = [...errors];
    if (list.length === 0) throw new ArgumentTypeError('an ExceptionGroup needs at least one error');
    for (const error of list as unknown[]) {
      if (!isError(error)) throw new ArgumentTypeError(`an ExceptionGroup holds Errors, not ${printable(error)}`);
    }
    super(list, message, options);
    const holdsCancelled = list.some((error) =>
      error instanceof ExceptionGroup ? error._holdsCancelled : error instanceof CancelledError);
    Object.defineProperty(this, '_holdsCancelled', { value: holdsCancelled });
  }

  override get name(): string {
    return 'ExceptionGroup';
  }

  /** The errors that are not groups themselves, depth first. */
  get leaves(): Error[] {
    return this.errors.flatMap((error) => (error instanceof ExceptionGroup ? error.leaves : [error]));
  }

  /**
   * Returns: `[matching, rest]`, each with the nesting of this group, or null where nothing is left.
   *
   * Throws: ArgumentTypeError for a matcher that is neither an Error class nor a predicate.
   */
  split(matcher: LeafMatcher): [ExceptionGroup | null, ExceptionGroup | null] {
    const matches = toPredicate(matcher);
    const taken: Error[] = [];
    const rest: Error[] = [];
    for (const error of this.errors) {
      if (!(error instanceof ExceptionGroup)) {
        (matches(error) ? taken : rest).push(error);
        continue;
      }
      const [inner, outer] = error.split(matches);
      if (inner !== null) taken.push(inner);
      if (outer !== null) rest.push(outer);
    }
    return [this.derive(taken), this.derive(rest)];
  }

  /** Returns: the matching part with its nesting, or null. */
  subgroup(matcher: LeafMatcher): ExceptionGroup | null {
    return this.split(matcher)[0];
  }

  /** Returns: a group like this one (message, cause, stack) around other errors; null when there are none. */
  derive(errors: Error[]): ExceptionGroup | null {
    if (errors.length === 0) return null;
    const options = this.cause === undefined ? undefined : { cause: this.cause };
    const group = new ExceptionGroup(errors, this.message, options);
    Object.defineProperty(group, 'stack', { value: this.stack, writable: true, configurable: true });
    return group;
  }

  /** Returns: a tree with an index for each error and each leaf's own stack, at most `maxDepth` deep. */
  format({ maxDepth = 10, maxWidth = 15 }: { maxDepth?: number; maxWidth?: number } = {}): string {
    return formatGroup(this, '', maxDepth, maxWidth).join('\n');
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.format();
  }
}

function formatGroup(group: ExceptionGroup, indent: string, depth: number, width: number): string[] {
  const lines = [`${indent}${group.name}: ${group.message} (${group.errors.length})`];
  if (depth === 0) return [...lines, `${indent}  …`];
  group.errors.slice(0, width).forEach((error, index) => {
    lines.push(`${indent}  [${index + 1}]`);
    if (error instanceof ExceptionGroup) lines.push(...formatGroup(error, `${indent}    `, depth - 1, width));
    else lines.push(...(error.stack ?? String(error)).split('\n').map((line) => `${indent}    ${line}`));
  });
  const hidden = group.errors.length - width;
  if (hidden > 0) lines.push(`${indent}  … and ${hidden} more`);
  return lines;
}

function toPredicate(matcher: LeafMatcher): (error: unknown) => boolean {
  if (typeof matcher !== 'function') throw new ArgumentTypeError('a matcher is an Error class or a predicate');
  const prototype: unknown = matcher.prototype;
  const isErrorClass = prototype instanceof Error || prototype === Error.prototype;
  if (isErrorClass) return (error) => error instanceof matcher;
  return matcher as (error: unknown) => boolean;
}
