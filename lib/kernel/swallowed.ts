// Debug mode: cancellations that were thrown into a task and did not come out again. A request to the task itself is
// swallowed if the task ends with a value all the same; a scope's is, if the scope's body does, or a task that belongs to
// it. Whoever lets another error out, or asks for the state of affairs (`cancelling()`, `cancelCalled`) after the throw,
// knows what it does and is left alone.
// What is known is kept by task, beside it, and dropped with it. A part of a task's code that runs in a task of its own
// counts as the task's.

import { CancelledError, type CancelOrigin } from '../base/errors.js';
import { isError } from '../base/values.js';
import { creationSite, userStack } from './creation_site.js';
import { current } from './current.js';
import { type Place, warn } from './debug_warning.js';

/** What must be known of a task. */
interface NotedTask {
  readonly name: string;
  readonly _nominal: { readonly name: string };
  readonly _loop: { readonly _debug: boolean };
}

interface Cause {
  readonly reason: unknown;
  readonly origin: CancelOrigin | null;
}

// One cancellation as one task meets it.
interface Meeting extends Cause {
  /** Null for a request to the task itself. */
  readonly scope: object | null;
  readonly request: Cause | null;
  readonly askedAt: string | null;
  thrownAt: string | null;
  isThrown: boolean;
}

const meetings = new WeakMap<object, Meeting[]>();
// Where each task was at its last bare checkpoint, which leaves no wait behind that would know.
const checkpoints = new WeakMap<object, string | null>();
// Where scopes were cancelled.
const cancelledAt = new WeakMap<object, string | null>();

function meetingsOf(task: NotedTask): Meeting[] {
  const known = meetings.get(task._nominal) ?? [];
  meetings.set(task._nominal, known);
  return known;
}

/** `task` is being asked. */
export function noteRequested(task: NotedTask, request: Cause): void {
  const known = meetingsOf(task);
  if (known.some((meeting) => meeting.request === request)) return;
  const { reason, origin } = request;
  known.push({ reason, origin, scope: null, request, askedAt: userStack(), thrownAt: null, isThrown: false });
}

/** `task` is about to wait at a bare checkpoint. */
export function noteCheckpoint(task: { readonly _loop: { readonly _debug: boolean } }): void {
  if (task._loop._debug) checkpoints.set(task, userStack());
}

/** `scope` is being cancelled, by whoever is on the stack. */
export function noteCancelled(scope: object): void {
  cancelledAt.set(scope, userStack());
}

/** An error is about to be thrown where `task` waited for `wait`. Returns: the error. */
export function noteThrown<E>(task: NotedTask, error: E, wait: object | null): E {
  if (!task._loop._debug || !(error instanceof CancelledError)) return error;
  const { scope, reason, origin } = error;
  const known = meetingsOf(task);
  let meeting = known.find((m) => (scope === null ? isSame(m, error) && !m.isThrown : m.scope === scope));
  if (meeting === undefined) {
    // One that the task itself was not asked for is somebody else's, a child's for example.
    if (scope === null) return error;
    const askedAt = cancelledAt.get(scope) ?? null;
    meeting = { reason, origin, scope, request: null, askedAt, thrownAt: null, isThrown: false };
    known.push(meeting);
  }
  if (meeting.isThrown) return error;
  meeting.isThrown = true;
  // An async function is not on the stack when its wait ends.
  const stack = current.task === null ? null : userStack();
  meeting.thrownAt = stack ?? (wait === null ? (checkpoints.get(task) ?? null) : creationSite(wait));
  return error;
}

function isSame(meeting: Meeting, { reason, origin }: Cause): boolean {
  return meeting.scope === null && meeting.reason === reason && meeting.origin === origin;
}

/** A scope is left by `host` with `rest` to be thrown; `isNormal` if its body ended without an error. Returns: `rest`. */
export function noteLeft(host: NotedTask, scope: object, isNormal: boolean, rest: unknown): unknown {
  const known = meetings.get(host._nominal) ?? [];
  const own = known.findIndex((meeting) => meeting.scope === scope);
  const [meeting] = own < 0 ? [] : known.splice(own, 1);
  if (isNormal && meeting?.isThrown === true) {
    reportSwallowed(`a cancel scope in ${host._nominal.name} was cancelled, and its body ended with a value`, meeting);
  }
  return noteThrown(host, rest, null);
}

/** The task has ended, with a value or not. */
export function noteEnded(task: NotedTask, hasValue: boolean): void {
  if ((task._nominal as unknown) !== task) return;
  const known = meetings.get(task);
  meetings.delete(task);
  const swallowed = known?.find((meeting) => meeting.isThrown);
  if (hasValue && swallowed !== undefined) reportSwallowed(`${task.name} was cancelled and ended with a value`, swallowed);
}

/** The task asks how often it was asked or, given a scope, whether that was cancelled: it knows what was thrown. */
export function noteLooked(task: NotedTask, scope: object | null): void {
  // In an async function that goes on nothing is on the stack.
  const isOwn = current.task === null ? current.loop === null : current.task._nominal === task._nominal;
  const known = meetings.get(task._nominal);
  if (!isOwn || known === undefined) return;
  const isLeft = (meeting: Meeting): boolean => meeting.scope !== scope || !meeting.isThrown;
  meetings.set(task._nominal, known.filter(isLeft));
}

function reportSwallowed(what: string, meeting: Meeting): void {
  const message = `${what}: its CancelledError was caught and not thrown on (rethrow it in \`catch\`)`;
  const thrown: Place = ['thrown at', meeting.thrownAt];
  warn('SwallowedCancellation', message, [whoAsked(meeting), ...(meeting.thrownAt === null ? [] : [thrown])]);
}

const BY: Record<string, string> = {
  cancel: 'cancelled',
  deadline: 'cancelled by a deadline',
  group: 'cancelled by the end of a task group',
  signal: 'cancelled by a signal',
  shutdown: 'cancelled by the end of the run',
};

function whoAsked({ origin, reason, askedAt }: Meeting): Place {
  const by = BY[origin?.source ?? 'cancel'] as string;
  const who = origin === null || origin.task === null ? by : `${by}, by ${origin.task}`;
  if (askedAt !== null) return [`${who}, at`, askedAt];
  return isError(reason) ? [`${who}, because of`, reason.stack ?? reason.message] : [who, null];
}
