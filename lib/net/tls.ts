// TLS: Node's own, over a stream of ours, as a stream of ours. The socket is ours, so what holds for streams holds here:
// every wait can be cancelled, and a handshake that fails or is given up closes the descriptor.

import {
  connect as connectTls,
  createSecureContext,
  type DetailedPeerCertificate,
  type PeerCertificate,
  type SecureContext,
  type SecureContextOptions,
  TLSSocket,
} from 'node:tls';
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import {
  ArgumentRangeError, ArgumentTypeError, BrokenResourceError, TimeoutError, TlsError, TlsTruncatedError,
} from '../base/errors.js';
import { assertInstant, assertOptions } from '../kernel/arguments.js';
import type { Coroutine } from '../kernel/coroutine.js';
import { describe } from '../kernel/coroutine.js';
import type { EventLoop } from '../kernel/event_loop.js';
import { Future } from '../kernel/future.js';
import { moveOnAfter } from '../tasks/timeouts.js';
import { ByteStream } from './byte_stream.js';
import { DuplexTransport } from './duplex_transport.js';
import { showAs } from './showing.js';
import type { SocketDuplex } from './socket_duplex.js';
import { partsOfStream } from './stream_core.js';

/** What both sides of TLS can be told; certificates, keys and versions are as for `tls.createSecureContext`. */
export interface TlsOptions extends SecureContextOptions {
  /** Made before, instead of the options above. */
  readonly secureContext?: SecureContext;
  /** Protocols to offer or accept, the preferred one first. */
  readonly ALPNProtocols?: readonly string[];
  /** Whether a peer whose certificate cannot be verified is refused; true by default. */
  readonly rejectUnauthorized?: boolean;
  /** Milliseconds for the handshake; 60,000 by default. */
  readonly handshakeTimeoutMs?: number;
  /** Milliseconds that closing may take; 30,000 by default. Then what was not sent is dropped. */
  readonly shutdownTimeoutMs?: number;
  /** Whether an end that the peer did not announce (close_notify) is an error; true by default. */
  readonly requireCloseNotify?: boolean;
}

/** What a client can be told. */
export interface TlsClientOptions extends TlsOptions {
  /** Whom the certificate must name, and what is asked for (SNI); empty: anybody. */
  readonly servername?: string;
  /** A session to resume. */
  readonly session?: Buffer;
  /** Instead of the check of names: returns an error or undefined. */
  readonly checkServerIdentity?: (host: string, certificate: PeerCertificate) => Error | undefined;
}

/** Gives the context for the name that a client asks for. */
export type ContextChooser = (
  servername: string,
  callback: (error: Error | null, context?: SecureContext) => void,
) => void;

/** What a server can be told. */
export interface TlsServerOptions extends TlsOptions {
  /** Ask the client for a certificate. */
  readonly requestCert?: boolean;
  /** Chooses a context by the name that the client asks for. */
  readonly SNICallback?: ContextChooser;
}

/** Options of `startTls`. */
export interface StartTlsOptions extends TlsClientOptions, TlsServerOptions {
  /** Whether this end is the server. */
  readonly isServer?: boolean;
}

const HANDSHAKE_TIMEOUT_MS = 60_000;
const SHUTDOWN_TIMEOUT_MS = 30_000;

/**
 * A ByteStream whose bytes are encrypted on their way.
 *
 * `sendEof` ends with TLS's own announcement and TCP's end. Source: asyncio's streams over SSL, trio.SSLStream.
 */
export class TlsStream extends ByteStream {
  readonly #socket: TLSSocket;
  /** @internal The stream that carries it. */
  readonly _below: ByteStream;

  /** @internal */
  constructor(transport: DuplexTransport, socket: TLSSocket, below: ByteStream) {
    super(transport.sockets, -1);
    this.#socket = socket;
    this._below = below;
    transport.attach(this);
  }

  /** The protocol that both sides agreed on; null if none was. */
  get alpnProtocol(): string | null {
    const { alpnProtocol } = this.#socket;
    return typeof alpnProtocol === 'string' ? alpnProtocol : null;
  }

  /** The name that the client asked for; null if none. */
  get servername(): string | null {
    const { servername } = this.#socket as { servername?: unknown };
    return typeof servername === 'string' && servername !== '' ? servername : null;
  }

  /** Whether the peer's certificate was verified. */
  get authorized(): boolean {
    return this.#socket.authorized;
  }

  /** `TLSv1.3` or `TLSv1.2`; null once it is closed. */
  get protocol(): string | null {
    return this.#socket.getProtocol();
  }

  /** Returns: the peer's certificate with its chain, as Node gives it; null if it has shown none. */
  peerCertificate(): DetailedPeerCertificate | null {
    const certificate = this.#socket.getPeerCertificate(true) as DetailedPeerCertificate | null;
    return certificate === null || Object.keys(certificate).length === 0 ? null : certificate;
  }
}

showAs(TlsStream, 'TlsStream', (stream) => {
  const { protocol } = stream;
  return protocol === null ? partsOfStream(stream) : [...partsOfStream(stream), protocol];
});

/**
 * Makes a stream secure: as the client, or with `isServer` as the server. From here on use the stream that it gives; the
 * one below is its transport.
 *
 * Throws: TlsError if the handshake fails, with Node's code as `reason` (`CERT_HAS_EXPIRED`…); TimeoutError if it takes
 *   too long; a system error; ArgumentTypeError, ArgumentRangeError; as `toDuplex`. In each case but the last two the
 *   stream is closed.
 * Checkpoint: yes. Cancel: the stream is closed.
 * Source: asyncio's start_tls.
 */
export function startTls(stream: ByteStream, options: StartTlsOptions = {}): Future<TlsStream> {
  assertOptions(options, 'startTls');
  assertTlsOptions(options, 'startTls', options.isServer === true);
  if (!(stream instanceof ByteStream)) {
    throw new ArgumentTypeError(`startTls: a ByteStream is needed, not ${describe(stream)}`);
  }
  const { loop } = stream._sockets;
  const duplex = stream.toDuplex();
  return loop._makeTask<TlsStream>(secure(stream, duplex, options), { name: 'startTls', eager: true });
}

/** @internal Throws for what would only be found out during the handshake. */
export function assertTlsOptions(options: StartTlsOptions, call: string, isServer: boolean): void {
  for (const name of ['handshakeTimeoutMs', 'shutdownTimeoutMs'] as const) {
    if (options[name] !== undefined) assertInstant(options[name], `${call}: ${name}`);
  }
  if (isServer) assertCertificate(options, call);
  if (isServer || options.rejectUnauthorized === false) return;
  const { servername, checkServerIdentity } = options;
  if (servername !== undefined && typeof servername !== 'string') {
    throw new ArgumentTypeError(`${call}: servername is a string, not ${describe(servername)}`);
  }
  if (servername !== undefined || checkServerIdentity !== undefined) return;
  throw new ArgumentTypeError(`${call}: give the servername that the certificate must be for; an empty one for anybody's`);
}

// Node makes a server without one, which every client refuses. Ciphers may be of a kind that needs none.
const CERTIFIES = ['cert', 'pfx', 'secureContext', 'SNICallback', 'pskCallback', 'ciphers'] as const;

function assertCertificate(options: object, call: string): void {
  const given = options as Record<string, unknown>;
  if (CERTIFIES.some((name) => given[name] !== undefined && given[name] !== null)) return;
  const hint = 'give key and cert, pfx, secureContext or SNICallback';
  throw new ArgumentTypeError(`${call}: a server needs a certificate: ${hint}`);
}

function* secure(stream: ByteStream, duplex: SocketDuplex, options: StartTlsOptions): Coroutine<TlsStream> {
  const { loop } = stream._sockets;
  const { handshakeTimeoutMs = HANDSHAKE_TIMEOUT_MS } = options;
  let socket: TLSSocket | null = null;
  try {
    const ending = new EndWatch(duplex);
    socket = options.isServer === true ? serverSocket(duplex, options) : clientSocket(duplex, options);
    ending.watch(socket);
    const handshake = new Handshake(loop, socket, duplex, options);
    const scope = yield* moveOnAfter(handshakeTimeoutMs, function* () {
      yield* handshake;
    });
    if (scope.cancelledCaught) throw new TimeoutError(`the TLS handshake took longer than ${handshakeTimeoutMs} ms`);
    handshake.forget();
    if (handshake.loss !== null) throw handshake.loss;
    const { shutdownTimeoutMs: closeTimeoutMs = SHUTDOWN_TIMEOUT_MS, requireCloseNotify = true } = options;
    const endError = (): Error | null => (requireCloseNotify && ending.wasCut ? new TlsTruncatedError() : null);
    const traits = { endError, errorFor: tlsError, closeTimeoutMs };
    return new TlsStream(new DuplexTransport(loop, socket, traits), socket, stream);
  } catch (error) {
    socket?.on('error', () => undefined);
    socket?.destroy();
    stream.abort();
    throw error;
  }
}

// Whether the connection ended before TLS did.
class EndWatch {
  wasCut = false;
  #hasEndedBelow = false;

  // Before the TLS socket listens, so that this is heard first.
  constructor(duplex: SocketDuplex) {
    duplex.once('end', () => (this.#hasEndedBelow = true));
  }

  watch(socket: TLSSocket): void {
    const push = socket.push.bind(socket);
    socket.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
      if (chunk === null && this.#hasEndedBelow) this.wasCut = true;
      return push(chunk, encoding);
    };
  }
}

function clientSocket(duplex: SocketDuplex, options: StartTlsOptions): TLSSocket {
  const { ALPNProtocols: protocols, servername = '', checkServerIdentity, ...rest } = options;
  const isAddress = isIP(servername) !== 0;
  const name = isAddress ? servername : domainToASCII(servername);
  if (name === '' && servername !== '') throw new ArgumentRangeError(`startTls: ${servername} is no name of a host`);
  const check = checkServerIdentity ?? (name === '' ? () => undefined : undefined);
  return connectTls({
    ...rest,
    socket: duplex,
    // An address is verified, but not sent: SNI is for names.
    ...(isAddress ? { host: name } : name === '' ? {} : { servername: name }),
    ...(protocols === undefined ? {} : { ALPNProtocols: [...protocols] }),
    ...(check === undefined ? {} : { checkServerIdentity: check }),
  });
}

function serverSocket(duplex: SocketDuplex, options: StartTlsOptions): TLSSocket {
  const { ALPNProtocols: protocols, requestCert = false, rejectUnauthorized = true, SNICallback: choose } = options;
  return new TLSSocket(duplex, {
    isServer: true,
    secureContext: options.secureContext ?? createSecureContext(options),
    requestCert,
    rejectUnauthorized,
    ...(protocols === undefined ? {} : { ALPNProtocols: inWireFormat(protocols) }),
    ...(choose === undefined ? {} : { SNICallback: choose }),
  });
}

// Node converts lists for its own servers only.
function inWireFormat(protocols: readonly string[]): Buffer {
  return Buffer.concat(protocols.map((name) => Buffer.concat([Buffer.from([Buffer.byteLength(name)]), Buffer.from(name)])));
}

/**
 * The wait for the end of the handshake. A peer that ends in the middle of it ends everything, as Node has it. From its
 * success on the ends are the stream's: what is written behind the peer's end still goes. That has to be settled within the
 * event, because the peer's end may come with its last message.
 */
class Handshake extends Future<void> {
  readonly #socket: TLSSocket;
  readonly #below: SocketDuplex;
  readonly #isStrictServer: boolean;
  /** What ended the connection after the handshake was over, when its stream was not there yet to be told. */
  loss: Error | null = null;
  readonly #fail = (error: Error): void => {
    const known = tlsError(error);
    if (this.done()) this.loss ??= known;
    else this._fail(known);
  };
  readonly #gone = (): void => {
    this.#fail(new BrokenResourceError('the connection was closed during the TLS handshake'));
  };
  readonly #secure = (): void => {
    const refusal = this.#isStrictServer ? verifyErrorOf(this.#socket) : null;
    if (refusal !== null) {
      this.#fail(refusal);
    } else if (!this.done()) {
      this.#socket.allowHalfOpen = this.#below.allowHalfOpen = true;
      this._finish(undefined);
    }
  };

  constructor(loop: EventLoop, socket: TLSSocket, below: SocketDuplex, options: StartTlsOptions) {
    super(loop);
    const { isServer = false, requestCert = false, rejectUnauthorized = true } = options;
    this.#socket = socket;
    this.#below = below;
    this.#isStrictServer = isServer && requestCert && rejectUnauthorized;
    socket.once(isServer ? 'secure' : 'secureConnect', this.#secure);
    socket.on('error', this.#fail).on('_tlsError', this.#fail).on('close', this.#gone);
  }

  forget(): void {
    this.#socket.off('error', this.#fail).off('_tlsError', this.#fail).off('close', this.#gone);
  }
}

// A server's socket that no tls.Server made leaves the verdict to whoever made it.
function verifyErrorOf(socket: TLSSocket): Error | null {
  const { ssl } = socket as { ssl?: { verifyError?(): Error | null } };
  if (ssl?.verifyError === undefined) return new Error('the certificate of the client could not be checked');
  return ssl.verifyError();
}

// System errors stay what they are, and so do ours; what OpenSSL and Node's checks say becomes one class.
function tlsError(error: Error): Error {
  const { errno, code } = error as { errno?: unknown; code?: unknown };
  if (typeof errno === 'number' || error instanceof BrokenResourceError) return error;
  return new TlsError(error, typeof code === 'string' ? code : '');
}
