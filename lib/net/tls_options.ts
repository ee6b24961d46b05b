// What TLS can be told, and what of it is checked at the call, before a handshake would find out.

import type { PeerCertificate, SecureContext, SecureContextOptions } from 'node:tls';
import { ArgumentRangeError, ArgumentTypeError } from '../base/errors.js';
import { assertCallable, assertInstant } from '../kernel/arguments.js';
import { describe } from '../kernel/coroutine.js';
import { assertText } from './places.js';

/** What both sides of TLS can be told; certificates, keys and versions are as for `tls.createSecureContext`. */
export interface TlsOptions extends SecureContextOptions {
  /** Made before, instead of the options above. */
  readonly secureContext?: SecureContext | undefined;
  /** Protocols to offer or accept, the preferred one first. */
  readonly ALPNProtocols?: readonly string[] | undefined;
  /** Whether a peer whose certificate cannot be verified is refused; true by default. */
  readonly rejectUnauthorized?: boolean | undefined;
  /** Milliseconds for the handshake; 60,000 by default. */
  readonly handshakeTimeoutMs?: number | undefined;
  /** Milliseconds that closing may take; 30,000 by default. Then what was not sent is dropped. */
  readonly shutdownTimeoutMs?: number | undefined;
  /** Whether an end that the peer did not announce (close_notify) is an error; true by default. */
  readonly requireCloseNotify?: boolean | undefined;
}

/** What a client can be told. */
export interface TlsClientOptions extends TlsOptions {
  /** Whom the certificate must name, and what is asked for (SNI); empty: anybody. */
  readonly servername?: string | undefined;
  /** A session to resume. */
  readonly session?: Buffer | undefined;
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
  readonly requestCert?: boolean | undefined;
  /** Chooses a context by the name that the client asks for. */
  readonly SNICallback?: ContextChooser | undefined;
}

/** Options of `startTls`. */
export interface StartTlsOptions extends TlsClientOptions, TlsServerOptions {
  /** Whether this end is the server. */
  readonly isServer?: boolean | undefined;
}

const LONGEST_NAME_BYTES = 255;

/** @internal Throws for what would only be found out during the handshake. */
export function assertTlsOptions(options: StartTlsOptions, call: string, isServer: boolean): void {
  for (const name of ['handshakeTimeoutMs', 'shutdownTimeoutMs'] as const) {
    if (options[name] !== undefined) assertInstant(options[name], `${call}: ${name}`);
  }
  assertProtocols(options.ALPNProtocols, `${call}: ALPNProtocols`);
  if (options.SNICallback !== undefined) assertCallable(options.SNICallback, `${call}: SNICallback`);
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

// Node takes the letters of a text for names, and a name that is too long for the beginning of others.
function assertProtocols(protocols: unknown, what: string): void {
  if (protocols === undefined) return;
  if (!Array.isArray(protocols)) throw new ArgumentTypeError(`${what} are a list of names, not ${describe(protocols)}`);
  for (const name of protocols as unknown[]) {
    assertText(name, `${what}: a name`);
    if (Buffer.byteLength(name) <= LONGEST_NAME_BYTES) continue;
    throw new ArgumentRangeError(`${what}: ${name} is longer than ${LONGEST_NAME_BYTES} bytes`);
  }
}

/** @internal Node converts lists for its own servers only. */
export function inWireFormat(protocols: readonly string[]): Buffer {
  return Buffer.concat(protocols.map((name) => Buffer.concat([Buffer.from([Buffer.byteLength(name)]), Buffer.from(name)])));
}
