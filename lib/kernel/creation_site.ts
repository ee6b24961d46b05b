// Debug mode: where futures, tasks and handles were created, for reports. Kept beside the objects rather than in them,
// so that it costs nothing when debug mode is off.

const FRAMES = 10;
const OWN_FRAMES = /[\\/](lib|dist|\.test-build[\\/]lib)[\\/](kernel|tasks|sync|net|engine)[\\/]/;

const sites = new WeakMap<object, string>();

/** Notes the stack of the caller as the place where `created` was made, without the library's own frames. */
export function noteCreation(created: object): void {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = FRAMES * 2;
  const holder: { stack?: string } = {};
  Error.captureStackTrace(holder, noteCreation);
  Error.stackTraceLimit = stackTraceLimit;
  const frames = (holder.stack ?? '').split('\n').slice(1);
  const users = frames.filter((frame) => !OWN_FRAMES.test(frame));
  sites.set(created, (users.length === 0 ? frames : users).slice(0, FRAMES).join('\n'));
}

/** Returns: the stack noted for an object, or null. */
export function creationSite(created: unknown): string | null {
  return typeof created === 'object' && created !== null ? (sites.get(created) ?? null) : null;
}
