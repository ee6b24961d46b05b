// What can be said of a value that came from anywhere: user code throws and yields whatever it likes.

/** Errors of another realm (a vm context, a Jest environment) fail `instanceof` and are errors all the same. */
export function isError(value: unknown): value is Error {
  if (value instanceof Error) return true;
  return typeof value === 'object' && value !== null && Object.prototype.toString.call(value) === '[object Error]';
}

/** `String(value)`, also for what cannot be turned into one, such as an object without a prototype. */
export function printable(value: unknown): string {
  try {
    return String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}
