// TLS: Node's own, over a stream of ours, as a stream of ours. The socket is ours, so what holds for streams holds here:
// every wait can be cancelled, and a handshake that fails or is given up closes the descriptor.

import { connect as connectTls, createSecureContext, type DetailedPeerCertificate, TLSSocket } from 'node:tls';
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import {
  ArgumentRangeError, ArgumentTypeError, asError, BrokenResourceError, TimeoutError, TlsError, TlsTruncatedError,
} from '../base/errors.js';
import { assertOptions } from '../kernel/arguments.js';
import { type Coroutine, describe } from '../kernel/coroutine.js';
import type { EventLoop } from '../kernel/event_loop.js';
import { Future } from '../kernel/future.js';
import { moveOnAfter } from '../tasks/timeouts.js';
import { ByteStream } from './byte_stream.js';
import { DuplexTransport } from './duplex_transport.js';
import { showAs } from './showing.js';
import type { SocketDuplex } from './socket_duplex.js';
import type { Sockets } from './sockets.js';
import { partsOfStream } from './stream_core.js';
import { assertTlsOptions, type ContextChooser, inWireFormat, type StartTlsOptions } from './tls_options.js';

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
    super((transport as Partial<DuplexTransport> | undefined)?.sockets as Sockets, -1);
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

  /** Whether the peer has shown a certificate, and an authority that is trusted stands behind it. */
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
  if (!(stream instanceof ByteStream)) {
    throw new ArgumentTypeError(`startTls: a ByteStream is needed, not ${describe(stream)}`);
  }
  assertOptions(options, 'startTls');
  assertTlsOptions(options, 'startTls', options.isServer === true);
  const { loop } = stream._sockets;
  const duplex = stream.toDuplex();
  return loop._makeTask<TlsStream>(secure(stream, duplex, options), { name: 'startTls', eager: true });
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
    ...(choose === undefined ? {} : { SNICallback: catching(choose) }),
  });
}

// Quirk: in Node 20.11 what it throws comes out of the socket below, uncaught, and the handshake waits on.
// (tls_options.test: "an SNICallback that throws…")
function catching(choose: ContextChooser): ContextChooser {
  return (servername, callback) => {
    try {
      choose(servername, callback);
    } catch (error) {
      callback(asError(error));
    }
  };
}

/**
 * The wait for the end of the handshake. A peer that ends in the middle of it ends everything, as Node has it. From its
 * success on the ends are the stream's: what is written behind the peer's end still goes. That has to be settled within the
 * event, because the peer's end may come with its last message.
 */
class Handshake extends Future<void> {
  readonly #socket: TLSSocket;
  readonly #below: SocketDuplex;
  readonly #asksForCertificate: boolean;
  readonly #isStrict: boolean;
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
    const refusal = this.#asksForCertificate ? verifyErrorOf(this.#socket) : null;
    if (this.#asksForCertificate) this.#socket.authorized = refusal === null;
    if (refusal !== null && this.#isStrict) {
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
    this.#asksForCertificate = isServer && requestCert;
    this.#isStrict = rejectUnauthorized;
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
