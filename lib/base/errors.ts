// The whole catalogue of errors that readyloop creates. Each class has a stable `code` and a message that says what
// happened, to what, and what to do. Closed (by you), broken (by the world) and busy (two users) are different classes.
// Errors are always made here, in TypeScript: an error made by native code would belong to another realm.

import { getSystemErrorName } from 'node:util';
import { isError, printable } from './values.js';

/** What every error of this library has: a stable machine-readable code. */
export abstract class ReadyloopError extends Error {
  abstract readonly code: string;
  override get name(): string {
    return this.constructor.name;
  }
}

/** What a cancellation came from: a call of `cancel`, a deadline, a failure in a group, an AbortSignal, a run's end. */
export type CancelSource = 'cancel' | 'deadline' | 'group' | 'signal' | 'shutdown';

/** Who asked for a cancellation: the task that called `cancel` or whose failure did, by name, or null for plain code. */
export interface CancelOrigin {
  readonly task: string | null;
  /** Absent for a call of `cancel`. */
  readonly source?: CancelSource;
}

/**
 * Thrown at the `yield*` or `await` where a cancelled task waits. Let it pass through `catch` blocks.
 *
 * Its `cause` is the reason, if that is an error: in a group that has failed, the failure of the sibling.
 */
export class CancelledError extends ReadyloopError {
  readonly code = 'ERR_CANCELLED';
  /** What was given to `cancel(reason)`. */
  readonly reason: unknown;
  readonly origin: CancelOrigin | null;
  /** The cancel scope that was cancelled; null for `task.cancel()` and for a future that was cancelled by itself. */
  readonly scope: object | null;
  constructor(reason?: unknown, origin: CancelOrigin | null = null, scope: object | null = null) {
    const failure = isError(reason) ? reason : null;
    super(messageFor(reason, failure), failure === null ? undefined : { cause: failure });
    this.reason = reason;
    this.origin = origin;
    this.scope = scope;
  }

  /** What the cancellation came from. */
  get source(): CancelSource {
    return this.origin?.source ?? 'cancel';
  }
}

function messageFor(reason: unknown, failure: Error | null): string {
  if (reason === undefined) return 'the wait was cancelled';
  return `the wait was cancelled: ${failure === null ? printable(reason) : failure.message}`;
}

function describeReason(reason: unknown): string {
  return isError(reason) ? reason.message : printable(reason);
}

/** A deadline passed before the operation ended. */
export class TimeoutError extends ReadyloopError {
  readonly code = 'ERR_TIMEOUT';
}

/** The object is not in a state that allows this call: a second result, a result that is not there yet. */
export class InvalidStateError extends ReadyloopError {
  readonly code = 'ERR_INVALID_STATE';
}

/** The resource was closed by its owner. */
export class ClosedResourceError extends ReadyloopError {
  readonly code: string = 'ERR_CLOSED';
}

/** The event loop was closed, so nothing can be scheduled on it any more. */
export class LoopClosedError extends ClosedResourceError {
  override readonly code = 'ERR_LOOP_CLOSED';
}

/** The queue was shut down: nothing can be put any more, or nothing is left to get. */
export class QueueShutDownError extends ClosedResourceError {
  override readonly code = 'ERR_QUEUE_SHUT_DOWN';
}

/** Every sender of the channel is closed and nothing is left to receive. Loops over a channel end instead. */
export class EndOfChannelError extends ReadyloopError {
  readonly code = 'ERR_END_OF_CHANNEL';
}

/** The resource was broken by the world: its peer or its owner is gone. */
export class BrokenResourceError extends ReadyloopError {
  readonly code: string = 'ERR_BROKEN';
}

/** The barrier was aborted, or reset while this task waited. */
export class BrokenBarrierError extends BrokenResourceError {
  override readonly code = 'ERR_BROKEN_BARRIER';
}

/** Two users want the same thing at once. */
export class BusyResourceError extends ReadyloopError {
  readonly code = 'ERR_BUSY';
}

/** An argument has the wrong type. */
export class ArgumentTypeError extends TypeError {
  readonly code = 'ERR_INVALID_ARG_TYPE';
  override get name(): string {
    return 'ArgumentTypeError';
  }
}

/** An argument has the right type and an impossible value. */
export class ArgumentRangeError extends RangeError {
  readonly code = 'ERR_OUT_OF_RANGE';
  override get name(): string {
    return 'ArgumentRangeError';
  }
}

/** An operation was driven by something that is not a task: a `for … of`, a spread, a bare `next()`. */
export class NotInTaskError extends ReadyloopError {
  readonly code = 'ERR_NOT_IN_TASK';
}

/** No run is live on this thread. */
export class NoRunningLoopError extends ReadyloopError {
  readonly code = 'ERR_NO_RUNNING_LOOP';
}

/** A loop is already running here, so another one cannot start on top of it. */
export class LoopRunningError extends ReadyloopError {
  readonly code = 'ERR_LOOP_RUNNING';
}

/** The loop was stopped before the awaited future was done. */
export class LoopStoppedError extends ReadyloopError {
  readonly code = 'ERR_LOOP_STOPPED';
}

/** A future or task of one loop was awaited by a task of another. */
export class WrongLoopError extends ReadyloopError {
  readonly code = 'ERR_WRONG_LOOP';
}

/** A coroutine yielded something that a task cannot wait for; most often `yield` was written for `yield*`. */
export class BadYieldError extends ReadyloopError {
  readonly code = 'ERR_BAD_YIELD';
}

/** A cancel scope or task group was entered twice, or left out of order, or by another task than entered it. */
export class ScopeNestingError extends ReadyloopError {
  readonly code = 'ERR_SCOPE_NESTING';
}

/** A task awaits itself, or the task whose group or combinator waits for it, and could never end. */
export class SelfAwaitError extends ReadyloopError {
  readonly code = 'ERR_SELF_AWAIT';
}

/** A coroutine object that was already driven, or is being driven, was given to a task again. */
export class CoroutineReusedError extends ReadyloopError {
  readonly code = 'ERR_COROUTINE_REUSED';
}

/** Something that is not an Error was thrown; `value` is what it was. */
export class NonErrorThrown extends ReadyloopError {
  readonly code = 'ERR_NON_ERROR_THROWN';
  readonly value: unknown;
  constructor(value: unknown) {
    super(`a value that is not an Error was thrown: ${printable(value)}`);
    this.value = value;
  }
}

/** Cleaning up failed with `error` after something had failed with `suppressed`. Shaped as the language's own. */
export class SuppressedError extends ReadyloopError {
  readonly code = 'ERR_SUPPRESSED';
  readonly error: unknown;
  readonly suppressed: unknown;
  constructor(error: unknown, suppressed: unknown) {
    super(`cleaning up failed (${describeReason(error)}) after a failure (${describeReason(suppressed)})`);
    this.error = error;
    this.suppressed = suppressed;
  }
}

/** One wait that nothing will end. */
export interface DeadlockWait {
  /** Who waits. */
  readonly task: string;
  /** For what: `task`, `Lock`, `Queue.get`, `a future`… */
  readonly waitsFor: string;
  /** The tasks that could end the wait, where that is known: the awaited ones, the owner of a lock. */
  readonly heldBy: readonly string[];
}

/** Nothing can ever wake the main task: nothing is ready, and no timer or descriptor is waited for. */
export class DeadlockError extends ReadyloopError {
  readonly code = 'ERR_DEADLOCK';
  /** Tasks that wait for each other in a circle; where there is none, the chain of waits that main stands in. */
  readonly cycle: readonly DeadlockWait[];
  /** What every unfinished task waits for. */
  readonly waits: readonly DeadlockWait[];
  constructor(message: string, cycle: readonly DeadlockWait[] = [], waits: readonly DeadlockWait[] = cycle) {
    super(cycle.length === 0 ? message : `${message}: ${cycle.map(describeWait).join('; ')}`);
    this.cycle = cycle;
    this.waits = waits;
  }
}

function describeWait({ task, waitsFor, heldBy }: DeadlockWait): string {
  const names = heldBy.join(', ');
  if (heldBy.length === 0) return `${task} waits for ${waitsFor}`;
  return waitsFor === 'task' ? `${task} waits for task ${names}` : `${task} waits for ${waitsFor} held by ${names}`;
}

/** An async function cannot run here, because nobody can run its microtasks. */
export class AsyncFunctionRefusedError extends ReadyloopError {
  readonly code = 'ERR_ASYNC_FUNCTION_REFUSED';
}

/** The end came before what was asked for was there. The bytes that did come are in `partial`. */
export class IncompleteReadError extends ReadyloopError {
  readonly code = 'ERR_INCOMPLETE_READ';
  readonly partial: Buffer;
  /** How many bytes were asked for; null if a separator was. */
  readonly expected: number | null;
  constructor(partial: Buffer, expected: number | null) {
    const wanted = expected === null ? 'the separator' : `${expected} bytes were there`;
    super(`the stream ended before ${wanted}; ${partial.length} bytes came, see partial`);
    this.partial = partial;
    this.expected = expected;
  }
}

/** No separator within the limit. Nothing was taken from the stream: raise the limit, or read it in another way. */
export class LimitExceededError extends ReadyloopError {
  readonly code = 'ERR_LIMIT_EXCEEDED';
  /** Bytes from the start in which there is no separator. */
  readonly consumed: number;
  constructor(limit: number, consumed: number) {
    super(`no separator within ${limit} bytes; the bytes stay in the stream, so read on with a larger limit`);
    this.consumed = consumed;
  }
}

/** TLS has failed: the handshake, a check of the peer, or a broken record. What said so is the `cause`. */
export class TlsError extends BrokenResourceError {
  override readonly code: string = 'ERR_TLS';
  /** Node's code for it, as `CERT_HAS_EXPIRED` or `ERR_TLS_CERT_ALTNAME_INVALID`; empty if it has none. */
  readonly reason: string;
  constructor(cause: Error, reason: string) {
    const advice = TLS_ADVICE.get(reason);
    super(`TLS has failed: ${tlsFact(cause)}${reason === '' ? '' : ` (${reason})`}${advice ?? ''}`, { cause });
    this.reason = reason;
  }
}

const UNTRUSTED = '; if the peer is to be trusted, give its authority as `ca`';
const TLS_ADVICE: ReadonlyMap<string, string> = new Map([
  ['ERR_SSL_WRONG_VERSION_NUMBER', '; the peer seems to speak no TLS at this place'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', UNTRUSTED],
  ['SELF_SIGNED_CERT_IN_CHAIN', UNTRUSTED],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', UNTRUSTED],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', UNTRUSTED],
]);

// OpenSSL's own text begins with numbers and ends in the name of a source file; what happened stands apart.
function tlsFact(cause: Error): string {
  const { reason, library } = cause as { reason?: unknown; library?: unknown };
  return typeof reason === 'string' && typeof library === 'string' ? reason : cause.message.trim();
}

/** The connection ended where TLS did not: what came may have been cut off by somebody between you and the peer. */
export class TlsTruncatedError extends BrokenResourceError {
  override readonly code = 'ERR_TLS_TRUNCATED';
  constructor() {
    super('the connection ended without the end of TLS (close_notify), so something may be missing; ' +
      'where peers are known to do that, set requireCloseNotify to false');
  }
}

/** Where a run that is played again leaves the one that was recorded. */
export interface Divergence {
  /** Which decision, question or line, from 0 on. */
  readonly index: number;
  /** What was asked and answered then; null behind the last one. */
  readonly expected: readonly [label: string, count: number, picked: number] | null;
  /** What is asked now; null if the run is over. */
  readonly asked: readonly [label: string, count: number] | null;
}

/** A run that is played again does something else than the one that was recorded: the program has changed. */
export class ReplayDivergedError extends ReadyloopError implements Divergence {
  readonly code = 'ERR_REPLAY_DIVERGED';
  readonly index: number;
  readonly expected: Divergence['expected'];
  readonly asked: Divergence['asked'];
  /** What differs, without advice. */
  readonly fact: string;
  /** `fact` says what differs. The `cause`, if there is one, is what the program failed with meanwhile. */
  constructor(fact: string, { index, expected, asked }: Divergence = NOWHERE, options?: ErrorOptions) {
    super(
      `the program has changed since it was recorded: ${fact}; replay the program that was recorded, or record it again`,
      options,
    );
    this.fact = fact;
    this.index = index;
    this.expected = expected;
    this.asked = asked;
  }

  /** Of a decision, or of a question to the engine, that is another one than it was then. */
  static ofDecision(where: Divergence): ReplayDivergedError {
    const { index, expected, asked } = where;
    const then =
      expected === null ? 'then no further one was taken' : `then it was about ${expected[0]} (one of ${expected[1]})`;
    const now = asked === null ? 'is not asked for any more' : `is about ${asked[0]} (one of ${asked[1]}) now`;
    return new ReplayDivergedError(`decision ${index} ${now}, and ${then}`, where);
  }
}

const NOWHERE: Divergence = { index: 0, expected: null, asked: null };

/** This engine or platform cannot do that. */
export class UnsupportedError extends ReadyloopError {
  readonly code = 'ERR_UNSUPPORTED';
}

/** An error of the operating system, shaped like Node's own. */
export interface SystemError extends Error {
  readonly code: string;
  /** Negative, as in Node. */
  readonly errno: number;
  readonly syscall: string;
  /** The host or UNIX path concerned, where there is one. */
  readonly address?: string;
  readonly port?: number;
}

/** Where an error of a socket happened. */
export interface ErrorPlace {
  readonly address?: string | undefined;
  readonly port?: number | undefined;
}

/** Makes the error for a negative errno, with a hint of what to do where there is one. */
export function systemError(errno: number, syscall: string, hint = ''): SystemError {
  const code = getSystemErrorName(errno);
  const error = new Error(`${code}: ${syscall}${hint === '' ? '' : `: ${hint}`}`);
  return Object.assign(error, { code, errno, syscall });
}

/** The error for a negative errno of a socket, which names the place in its message as Node's do. */
export function socketError(errno: number, syscall: string, place: ErrorPlace, hint = ''): SystemError {
  const { address, port } = place;
  const shown = address?.replaceAll('\0', '\\0');
  const where = shown === undefined ? '' : ` ${shown}${port === undefined ? '' : `:${port}`}`;
  const error = systemError(errno, `${syscall}${where}`, hint === '' ? pathHint(errno, address) : hint);
  return Object.assign(error, {
    syscall,
    ...(address === undefined ? {} : { address }),
    ...(port === undefined ? {} : { port }),
  });
}

function pathHint(errno: number, path: string | undefined): string {
  if (path === undefined) return '';
  const code = getSystemErrorName(errno);
  if (code === 'EPROTOTYPE') return 'what listens there is of another kind: a stream, packets, or datagrams';
  if (code !== 'ENAMETOOLONG') return '';
  return `${Buffer.byteLength(path)} bytes are more than the path of a UNIX socket may have (107 on Linux, 103 on macOS)`;
}

/** Keeps Errors as they are and wraps everything else, so that a failure is always an Error. */
export function asError(thrown: unknown): Error {
  return isError(thrown) ? thrown : new NonErrorThrown(thrown);
}
