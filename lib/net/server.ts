// Server: a task for each connection. The tasks are a group: closing the server's scope cancels them; but one that fails
// takes only its own connection with it. The server belongs to the run that started it: when that run's main ends, the
// server is closed with what the run left behind.
// Invariant: a connection is counted until its task has ended and its stream is closed.

import { constants } from 'node:os';
import { CancelledError, ClosedResourceError, InvalidStateError, socketError } from '../base/errors.js';
import { assertInstant, assertOptions } from '../kernel/arguments.js';
import { CancelStatus } from '../kernel/cancel_status.js';
import { type Context } from '../kernel/context.js';
import { type Coroutine, isGeneratorFunction } from '../kernel/coroutine.js';
import { type Future, State, type Waiter } from '../kernel/future.js';
import { runningTask } from '../kernel/running.js';
import type { Sink } from '../kernel/loop_core.js';
import type { Root } from '../kernel/root.js';
import type { Task } from '../kernel/task.js';
import { moveOnAfter, shielded } from '../tasks/timeouts.js';
import type { SocketAddress } from './addresses.js';
import type { ByteStream } from './byte_stream.js';
import { Listener } from './listener.js';
import { SharedWait, wakeAll } from './sending.js';
import { partsOfServer, showAs } from './showing.js';
import type { Sockets } from './sockets.js';
import { tune, type TuningOptions } from './tuning.js';

/** What a server runs for each connection, in a task of its own. */
export type ConnectionHandler = (stream: ByteStream) => Coroutine<void> | PromiseLike<void>;

/** @internal Of whatever connections. */
export type AnyHandler = (connection: never) => Coroutine<void> | PromiseLike<void>;

/** How `server.shutdown` waits. */
export interface ShutdownOptions {
  /** Milliseconds for handlers to end by themselves. */
  readonly drain: number;
}

/** @internal One connection of a server. */
export interface Connection extends Sink {
  readonly _slot: number;
  readonly _word: number;
  /** The task that serves it, if one does. */
  _task: Task<unknown> | null;
  _next: Connection | null;
  _previous: Connection | null;
  /** Begins: the connection stands. */
  _serve(): void;
  /** The server closes it behind what was written. */
  _closeForServer(): void;
  abort(): void;
}

/** @internal A connection that a task serves; it waits for the task, so that nothing else has to. */
export interface Served extends Connection, Waiter {}

/** @internal How connections of packets are accepted. */
export interface PacketSetting {
  readonly flags: number;
  readonly maxBytes: number;
}

/** @internal */
export interface ServerSetting {
  /** Null for connections that need none. */
  readonly handler: AnyHandler | null;
  readonly makeConnection: (sockets: Sockets, server: Server) => Connection;
  readonly maxConnections: number;
  readonly context: Context | null;
  /** What was asked for the connections; null for nothing. */
  readonly tuning: TuningOptions | null;
  /** Null for connections of bytes. */
  readonly packets: PacketSetting | null;
}

const EAGAIN = -constants.errno.EAGAIN;

// The default of a parameter may throw: then the task does.
function coroutineOf(handler: AnyHandler, connection: Served): Coroutine<void> | PromiseLike<void> | (() => never) {
  try {
    return handler(connection as never);
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

/**
 * A running server; `startServer` makes one.
 *
 * Source: asyncio.Server, trio.serve_tcp.
 */
export class Server {
  readonly #sockets: Sockets;
  readonly #setting: ServerSetting;
  readonly #listeners: Listener[] = [];
  readonly #status: CancelStatus;
  readonly #members = new Set<Task<unknown>>();
  readonly #waits = new Set<SharedWait>();
  readonly #closings = new Set<SharedWait>();
  // Connections that the server itself has closed: that their handlers hear of it is no failure.
  readonly #dismissed = new WeakSet<Connection>();
  #first: Connection | null = null;
  #connections = 0;
  #isClosed = false;
  #isServing = false;
  #isCutShort = false;

  /** @internal */
  constructor(sockets: Sockets, setting: ServerSetting) {
    this.#sockets = sockets;
    this.#setting = setting;
    const root = runningTask()?._root ?? sockets.loop._orphans;
    this.#status = new CancelStatus(root, root._base, null);
    this.#status.members = this.#members;
  }

  /** @internal Listens at one more address. Returns: 0 or a negative errno. */
  _listen(host: string, port: number, backlog: number, flags: number, mode: number): number {
    const listener = new Listener(this.#sockets, this);
    const result = listener.listen(host, port, backlog, flags, mode);
    if (result === 0) this.#listeners.push(listener);
    return result;
  }

  /** @internal Listens for packets at a path. Returns: 0 or a negative errno. */
  _listenForPackets(path: string, backlog: number, mode: number): number {
    const listener = new Listener(this.#sockets, this);
    const result = listener.listenForPackets(path, backlog, mode);
    if (result === 0) this.#listeners.push(listener);
    return result;
  }

  /** @internal Listens with somebody's socket as well. Returns: 0 or a negative errno. */
  _adopt(fd: number): number {
    const listener = new Listener(this.#sockets, this);
    const result = listener.adopt(fd);
    if (result === 0) this.#listeners.push(listener);
    return result;
  }

  /** @internal Closes the server when the run that it belongs to cancels what is left. */
  _guard(): void {
    const root = this.#status.root as Root;
    // Eager: a task that is cancelled before its first step would run no `finally`, and main may end in this very step.
    const guard = this.#sockets.loop._makeTask(this.#closeAtTheEnd(), { name: 'server', eager: true }, root._base);
    guard._addWaiter({ _wake: () => undefined, _looks: true });
  }

  *#closeAtTheEnd(): Coroutine<void> {
    try {
      yield* this.#whenClosed();
    } finally {
      void this.close();
    }
  }

  #whenClosed(): Future<void> {
    return this.#isClosed ? this.#sockets.done : new SharedWait(this.#sockets.loop, this.#closings);
  }

  /** Returns: where it listens, the first address if there are several; null once it is closed. */
  address(): SocketAddress | null {
    return this.#listeners[0]?.address ?? null;
  }

  /** Where it listens; empty once it is closed. */
  get addresses(): readonly SocketAddress[] {
    return this.#listeners.map((listener) => listener.address as SocketAddress);
  }

  /** Connections that are served. */
  get connections(): number {
    return this.#connections;
  }

  /** Whether it has stopped listening. */
  get closed(): boolean {
    return this.#isClosed;
  }

  /** @internal */
  _connectionWaits(listener: Listener): void {
    if (this.#connections >= this.#setting.maxConnections) this.#pauseAll();
    else this.#accept(listener);
  }

  /** @internal */
  _acceptFailed(listener: Listener, errno: number): void {
    const { address, port } = listener.address ?? {};
    const exception = socketError(-errno, 'accept', { address, port }, 'raise the limit of open files, or serve fewer');
    this.#sockets.loop.callExceptionHandler({
      message: 'a server cannot accept connections for now, and will try again',
      exception,
      server: this,
    });
  }

  // Returns: false if no connection waits there.
  #accept(listener: Listener): boolean {
    const { transports, loop } = this.#sockets;
    const { makeConnection, tuning, packets } = this.#setting;
    const stream = makeConnection(this.#sockets, this);
    const { _slot: slot, _word: word } = stream;
    const result = packets === null
      ? transports.accept(listener.slot, listener.word, slot, word)
      : transports.datagrams.acceptPackets(slot, word, listener.slot, listener.word, packets.flags, packets.maxBytes);
    if (result < 0) {
      loop._release(stream._slot);
      if (result !== EAGAIN) this._acceptFailed(listener, -result);
      return result !== EAGAIN;
    }
    if (tuning !== null) tune(transports, slot, word, tuning);
    stream._next = this.#first;
    if (this.#first !== null) this.#first._previous = stream;
    this.#first = stream;
    this.#connections++;
    stream._serve();
    return true;
  }

  /** @internal */
  _handle(stream: Served): void {
    const { context } = this.#setting;
    const handler = this.#setting.handler as AnyHandler;
    const options = context === null ? {} : { context: context.copy() };
    // A generator function is called here, so that its task needs no closure; any other in the task's first step.
    const source = isGeneratorFunction(handler) ? coroutineOf(handler, stream) : () => handler(stream as never);
    const task = this.#sockets.loop._makeTask(source, options, this.#status);
    stream._task = task;
    this.#members.add(task);
    task._addWaiter(stream);
  }

  /** @internal */
  _handlerEnded(stream: Connection, task: Task<unknown>): void {
    this.#members.delete(task);
    if ((task._state & State.outcome) !== State.failed || task._value instanceof CancelledError) return;
    if (task._value instanceof ClosedResourceError && this.#dismissed.has(stream)) return;
    this.#sockets.loop.callExceptionHandler({
      message: `${task.name}, which served a connection, has failed`,
      exception: task._value,
      task,
      stream,
      server: this,
    });
  }

  /** @internal Whether what a connection has written is dropped when its handler ends. */
  _drops(task: Task<unknown>): boolean {
    return this.#isCutShort || (task._state & State.outcome) === State.cancelled;
  }

  /** @internal */
  _connectionEnded(stream: Connection): void {
    const { _previous: previous, _next: next } = stream;
    if (previous === null) this.#first = next;
    else previous._next = next;
    if (next !== null) next._previous = previous;
    this.#connections--;
    if (!this.#isClosed) this.#acceptWaiting();
    else if (this.#connections === 0) this.#over();
  }

  // Closed, and nothing is served any more.
  #over(): void {
    this.#status.unlink();
    wakeAll(this.#waits);
  }

  #pauseAll(): void {
    for (const listener of this.#listeners) listener.pause();
  }

  // There is room again: first for those that were accepted before there was none.
  #acceptWaiting(): void {
    if (this.#setting.maxConnections === Infinity) return;
    for (const listener of this.#listeners) {
      while (this.#hasRoom && this.#accept(listener));
      if (this.#hasRoom) listener.resume();
    }
  }

  // What a connection is told when it is accepted may close the server, and its listeners with it.
  get #hasRoom(): boolean {
    return !this.#isClosed && this.#connections < this.#setting.maxConnections;
  }

  /**
   * Stops listening; connections that are served go on. It need not be awaited.
   *
   * Returns: a future like that of `waitClosed`.
   */
  close(): Future<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      for (const listener of this.#listeners.splice(0)) listener.close();
      wakeAll(this.#closings);
      if (this.#connections === 0) this.#over();
    }
    return this.waitClosed();
  }

  /** Closes all connections, each after what was written to it; secure ones with the end of TLS. */
  closeClients(): void {
    for (const stream of this.#dismiss()) stream._closeForServer();
  }

  /** Closes all connections at once, with a reset. */
  abortClients(): void {
    for (const stream of this.#dismiss()) stream.abort();
  }

  #dismiss(): Connection[] {
    const streams = this.#streams();
    for (const stream of streams) this.#dismissed.add(stream);
    return streams;
  }

  #streams(): Connection[] {
    const streams: Connection[] = [];
    for (let stream = this.#first; stream !== null; stream = stream._next) streams.push(stream);
    return streams;
  }

  /**
   * Waits until the server is closed and all connections are over.
   *
   * Throws: nothing. Checkpoint: only if it has to wait. Cancel: only the wait ends.
   */
  waitClosed(): Future<void> {
    if (this.#isClosed && this.#connections === 0) return this.#sockets.done;
    return new SharedWait(this.#sockets.loop, this.#waits);
  }

  /**
   * Stops listening, gives the handlers `drain` ms to end by themselves, then cancels those that are left, and waits for
   * them. What they leave unsent is dropped.
   *
   * Units: milliseconds.
   * Throws: ArgumentTypeError, ArgumentRangeError, and nothing is closed.
   * Checkpoint: only if connections are left. Cancel: handlers are cancelled at once, and awaited.
   */
  shutdown(options: ShutdownOptions): Future<void> {
    assertOptions(options, 'shutdown', ['drain']);
    const { drain } = options;
    assertInstant(drain, 'shutdown: drain');
    return this.#sockets.loop._makeTask<void>(this.#shutDown(drain), { name: 'server shutdown', eager: true });
  }

  *#shutDown(drain: number): Coroutine<void> {
    void this.close();
    try {
      yield* moveOnAfter(drain, () => this.#waitOver());
    } finally {
      this.#isCutShort = true;
      this.#status.cancel({ reason: 'the server was shut down', origin: null });
      for (const stream of this.#streams()) if (stream._task === null) stream.abort();
      yield* shielded(() => this.#waitOver());
    }
  }

  *#waitOver(): Coroutine<void> {
    yield* this.waitClosed();
  }

  /**
   * Waits until the server is closed and its connections are over, and shuts it down if the wait is cancelled.
   *
   * Throws: InvalidStateError if somebody else waits like this already; as `shutdown`.
   * Checkpoint: yes. Cancel: as `shutdown`, with the `drain` that was given, or 0.
   */
  serveForever(options: Partial<ShutdownOptions> = {}): Future<void> {
    assertOptions(options, 'serveForever', ['drain']);
    const { drain = 0 } = options;
    assertInstant(drain, 'serveForever: drain');
    if (this.#isServing) throw new InvalidStateError('serveForever() is running already; await waitClosed() beside it');
    this.#isServing = true;
    return this.#sockets.loop._makeTask<void>(this.#serve(drain), { name: 'serveForever', eager: true });
  }

  *#serve(drain: number): Coroutine<void> {
    try {
      yield* this.waitClosed();
    } catch (error) {
      yield* shielded(() => this.#shutDown(drain));
      throw error;
    } finally {
      this.#isServing = false;
    }
  }

  /** Closes the server and its connections, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown({ drain: 0 });
  }
}

showAs(Server, 'Server', partsOfServer);
