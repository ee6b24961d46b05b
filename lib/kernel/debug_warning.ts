// Debug mode: the warnings about mistakes that are no errors. Each kind has a type and a code of its own, and the stacks
// that belong to it in `detail`, which Node prints below the message.

/** Whether any loop of this thread has ever been in debug mode: one look spares the others, where no loop is at hand. */
export const everDebugged = { yes: false };

/** A stack with a heading. */
export type Place = readonly [heading: string, frames: string | null];

/** Warns the process. `kind` is the type without its prefix, `NeverAwaited` for example. */
export function warn(kind: string, message: string, places: readonly Place[]): void {
  const code = `READYLOOP${kind.replace(/[A-Z]/g, '_$&').toUpperCase()}`;
  const detail = places.map(([heading, frames]) => (frames === null ? heading : `${heading}:\n${frames}`)).join('\n');
  process.emitWarning(message, { type: `Readyloop${kind}`, code, detail });
}
