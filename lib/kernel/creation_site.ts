// Debug mode: where futures, tasks and handles were created, for reports. Kept beside the objects rather than in them,
// so that it costs nothing when debug mode is off.

import { dirname, sep } from 'node:path';

const FRAMES = 10;
const OWN_FRAMES = /[\\/](lib|dist|\.test-build[\\/]lib)[\\/](kernel|tasks|sync|net|engine)[\\/]/;
// Where the modules are bundled, which is how they are shipped, there is the folder of this file instead.
const IN_BUNDLE = /[\\/]dist[\\/]bundle[\\/][^\\/]+$/;
const ownFolder = typeof __filename === 'string' && IN_BUNDLE.test(__filename) ? dirname(__filename) + sep : null;
const NODE_FRAMES = /\(node:|at node:|\.next \(<anonymous>\)/;
// Where the loop calls a coroutine or a callback: what is below called the loop, and has nothing to do with it.
const CALL_OF_LOOP = /\b_(advance|deliver)\b/;

const sites = new WeakMap<object, string>();

/** Notes the stack of the caller as the place where `created` was made, without the library's own frames. */
export function noteCreation(created: object): void {
  const frames = framesAbove(noteCreation, FRAMES * 2);
  const users = frames.filter((frame) => !isOwn(frame));
  sites.set(created, (users.length === 0 ? frames : users).slice(0, FRAMES).join('\n'));
}

/** Returns: the stack noted for an object, or null. */
export function creationSite(created: unknown): string | null {
  return typeof created === 'object' && created !== null ? (sites.get(created) ?? null) : null;
}

/** Returns: the user's own frames of the present call, down to where the loop called them; null if there are none. */
export function userStack(): string | null {
  const frames = framesAbove(userStack, FRAMES * 5);
  const bottom = frames.findIndex((frame) => CALL_OF_LOOP.test(frame) && isOwn(frame));
  const own = bottom < 0 ? frames : frames.slice(0, bottom);
  const users = own.filter((frame) => !isOwn(frame) && !NODE_FRAMES.test(frame));
  return users.length === 0 ? null : users.slice(0, FRAMES).join('\n');
}

function isOwn(frame: string): boolean {
  return OWN_FRAMES.test(frame) || (ownFolder !== null && frame.includes(ownFolder));
}

function framesAbove(callee: (...args: never[]) => unknown, limit: number): string[] {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = limit;
  const holder: { stack?: string } = {};
  Error.captureStackTrace(holder, callee);
  Error.stackTraceLimit = stackTraceLimit;
  return (holder.stack ?? '').split('\n').slice(1);
}
