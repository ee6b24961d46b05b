// Names to addresses. Node's resolver by default, which asks the system on a thread of its own; any function can take its
// place, for one connection or for all of this thread.

import { lookup, type LookupAddress, lookupService } from 'node:dns';
import { ArgumentRangeError, ArgumentTypeError, UnsupportedError } from '../base/errors.js';
import { assertCallable, assertOptions } from '../kernel/arguments.js';
import { type Coroutine, type CoroutineFunction, describe } from '../kernel/coroutine.js';
import type { EventLoop } from '../kernel/event_loop.js';
import type { Future } from '../kernel/future.js';
import { getRunningLoop } from '../kernel/running.js';
import { familyOf } from './happy_eyeballs.js';
import { assertHost, assertPort, assertText } from './places.js';
import { socketsOf } from './sockets.js';

/** Finds the numeric addresses of a name, the best first. It is cancelled with the wait that asked it. */
export type Resolver = CoroutineFunction<readonly string[], [host: string]>;

/** Options of `getAddrInfo`. */
export interface ResolveOptions {
  /** Asked instead of the one that `setResolver` has set. */
  readonly resolver?: Resolver | undefined;
}

/** What `getNameInfo` gives. */
export interface NameInfo {
  readonly hostname: string;
  readonly service: string;
}

const LOOPBACK = ['127.0.0.1', '::1'];

let threadResolver: Resolver | null = null;

/**
 * Lets `resolver` find the addresses of all names on this thread, where no other is given; null for Node's own.
 *
 * Throws: ArgumentTypeError if it is no function.
 * Source: trio.socket.set_custom_hostname_resolver.
 */
export function setResolver(resolver: Resolver | null): void {
  if (resolver !== null) assertCallable(resolver, 'setResolver');
  threadResolver = resolver;
}

/**
 * Finds the addresses of a host. A numeric one is its own address, and `localhost` is known without asking.
 *
 * Returns: numeric addresses, at least one, in the order in which they are to be tried.
 * Throws: the resolver's error (`ENOTFOUND`, `EAI_AGAIN`…), with the name as `hostname` and `address`;
 *   ArgumentTypeError, ArgumentRangeError; UnsupportedError for Node's resolver where our loop owns the thread.
 * Checkpoint: only if the resolver is asked. Cancel: a resolver of yours is cancelled, an answer of Node's ignored.
 * Source: asyncio's loop.getaddrinfo.
 */
export function getAddrInfo(host: string, options: ResolveOptions = {}): Future<readonly string[]> {
  assertHost(host, 'getAddrInfo: host');
  assertOptions(options, 'getAddrInfo', ['resolver']);
  const { resolver } = options;
  assertResolver(resolver, 'getAddrInfo');
  const loop = getRunningLoop();
  return loop._makeTask<readonly string[]>(resolveHost(loop, host, resolver), { name: 'getAddrInfo', eager: true });
}

/**
 * Finds the name of a numeric address and of a port's service.
 *
 * Throws: a system error of the resolver; ArgumentTypeError, ArgumentRangeError; UnsupportedError where our loop owns the
 *   thread.
 * Checkpoint: yes. Cancel: the answer is ignored.
 * Source: asyncio's loop.getnameinfo.
 */
export function getNameInfo(address: string, port: number): Future<NameInfo> {
  assertText(address, 'getNameInfo: address');
  assertPort(port, 'getNameInfo: port');
  if (familyOf(address) === 0) throw new ArgumentRangeError(`getNameInfo: ${address} is no numeric address`);
  const loop = getRunningLoop();
  assertNodeTurns(loop, address);
  const future = loop.createFuture<NameInfo>();
  loop._engine.outside<Answer<NameInfo>>(
    (answer) => lookupService(address, port, (error, hostname, service) => answer(answerOf(error, { hostname, service }))),
    (answer) => settle(future, answer, { address, port }),
  );
  return future;
}

/** @internal */
export function assertResolver(resolver: unknown, call: string): void {
  if (resolver !== undefined) assertCallable(resolver, `${call}: resolver`);
}

/** @internal Returns: the numeric addresses of a host, in the order in which they are to be tried. */
export function* resolveHost(loop: EventLoop, host: string, resolver?: Resolver): Coroutine<readonly string[]> {
  if (familyOf(host) !== 0) return [host];
  if (host === 'localhost' || host.endsWith('.localhost')) return LOOPBACK;
  const chosen = resolver ?? threadResolver;
  if (chosen !== null) {
    return checkedAddresses(host, yield* loop._makeTask(() => chosen(host), { name: `resolve ${host}`, eager: true }));
  }
  const known = socketsOf(loop).transports.resolve(host);
  if (known !== null) return checkedAddresses(host, known);
  assertNodeTurns(loop, host);
  const found = yield* lookUp(loop, host);
  return found.map(({ address }) => address);
}

function assertNodeTurns(loop: EventLoop, host: string): void {
  if (loop._liveRuns > 0) return;
  throw new UnsupportedError(
    `Node's resolver, asked for ${host}, stands still while this loop owns the thread; use run(…), a numeric host, ` +
      'or a resolver that is a generator function',
  );
}

// The lookup itself cannot be stopped; a wait that is cancelled does not hear of its answer.
function lookUp(loop: EventLoop, host: string): Future<LookupAddress[]> {
  const future = loop.createFuture<LookupAddress[]>();
  loop._engine.outside<Answer<LookupAddress[]>>(
    (answer) => {
      const answered = (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]): void => {
        answer(answerOf(error, addresses, hintFor(host)));
      };
      lookup(host, { all: true, verbatim: true }, answered);
    },
    (answer) => settle(future, answer, { address: host }),
  );
  return future;
}

// What Node says, as plain data.
type Answer<T> = { readonly value: T } | { readonly message: string; readonly error: object };

function answerOf<T>(error: NodeJS.ErrnoException | null, value: T, hint = ''): Answer<T> {
  if (error === null) return { value };
  return { message: hint === '' ? error.message : `${error.message}: ${hint}`, error: { ...error } };
}

// What is written where no name of a host can have it.
function hintFor(host: string): string {
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(host)) return 'a host is needed, not a URL';
  if (/^\[.*\]/.test(host)) return 'write an IPv6 address without brackets, and the port as the option `port`';
  if (/:\d*$/.test(host)) return 'write the port as the option `port`';
  return /\s/.test(host) ? 'there is a blank in it' : '';
}

function settle<T>(future: Future<T>, answer: Answer<T>, details: object): void {
  if (future.done()) return;
  if ('value' in answer) future.setResult(answer.value);
  else future.setException(Object.assign(new Error(answer.message), answer.error, details));
}

function checkedAddresses(host: string, found: unknown): readonly string[] {
  if (!Array.isArray(found)) {
    throw new ArgumentTypeError(`the resolver gave ${describe(found)} for ${host}, not an array of numeric addresses`);
  }
  const odd = (found as unknown[]).find((address) => typeof address !== 'string' || familyOf(address) === 0);
  if (odd !== undefined) {
    throw new ArgumentRangeError(`the resolver gave ${describe(odd)} for ${host}, which is no numeric address`);
  }
  if (found.length === 0) throw notFound(host);
  return found as string[];
}

// As Node's own resolver says it.
const NO_NAME = -3008;

function notFound(host: string): Error {
  const error = new Error(`getaddrinfo ENOTFOUND ${host}: the resolver knows no address`);
  return Object.assign(error, {
    code: 'ENOTFOUND', errno: NO_NAME, syscall: 'getaddrinfo', hostname: host, address: host,
  });
}
