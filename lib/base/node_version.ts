// Refuses a Node that is too old, with a sentence instead of a SyntaxError. Every surface and the command line load this
// file first. Invariant: it imports nothing and uses the syntax of 2015 alone, so that a Node which cannot even parse
// the other files still runs this one; its error is therefore a plain one and not from errors.ts.

const MINIMUM = [20, 11];

function isTooOld(version: string): boolean {
  const parts = version.split('.').map(Number);
  const major = parts[0] as number;
  const minor = parts[1] as number;
  return major < (MINIMUM[0] as number) || (major === MINIMUM[0] && minor < (MINIMUM[1] as number));
}

/** @internal Throws: an Error with the code `ERR_NODE_TOO_OLD` if a Node of this version cannot run the package. */
export function refuseOldNode(version: string): void {
  if (!isTooOld(version)) return;
  const error = new Error(
    'readyloop needs Node ' + MINIMUM.join('.') + ' or later, and this is Node ' + version + ' (' + process.execPath +
      '). Run the program with a newer Node; `node --version` says which one your shell finds.',
  ) as Error & { code: string };
  error.name = 'UnsupportedNodeError';
  error.code = 'ERR_NODE_TOO_OLD';
  throw error;
}

refuseOldNode(process.versions.node);
