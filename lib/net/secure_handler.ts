// The handler of a TLS server: the handshake first, then what the user gave, on the secure stream.

import { createSecureContext } from 'node:tls';
import { BrokenResourceError, CancelledError, TimeoutError, TlsError } from '../base/errors.js';
import { assertOptions } from '../kernel/arguments.js';
import { type Coroutine, isGeneratorFunction } from '../kernel/coroutine.js';
import { getRunningLoop } from '../kernel/running.js';
import type { SecuredStream } from './accepted_stream.js';
import { assertNodeRuns } from './run_guard.js';
import { startTls, type TlsStream } from './tls.js';
import { assertTlsOptions, type StartTlsOptions, type TlsServerOptions } from './tls_options.js';

type Handler = (stream: TlsStream) => Coroutine<void> | PromiseLike<void>;

/** @internal The keys are read once, here, so a bad one is an error of the call. */
export function secureHandler(handler: (stream: never) => Coroutine<void> | PromiseLike<void>, options: TlsServerOptions) {
  assertOptions(options, 'startServer: tls');
  assertTlsOptions(options, 'startServer: tls', true);
  assertNodeRuns(getRunningLoop(), 'startServer: tls');
  const secureContext = options.secureContext ?? createSecureContext(options);
  const settings: StartTlsOptions = { ...options, secureContext, isServer: true };
  return function* serveSecurely(below: SecuredStream): Coroutine<void> {
    const stream = yield* shakeHands(below, settings);
    below._secure = stream;
    if (stream !== null) yield* serve(handler as Handler, stream);
  };
}

// A peer that fails here is no failure of the server: whoever scans the network would fill its reports. In debug mode
// they are told. What the server's own code has thrown is one.
function* shakeHands(below: SecuredStream, settings: StartTlsOptions): Coroutine<TlsStream | null> {
  try {
    return yield* startTls(below, settings);
  } catch (exception) {
    if (exception instanceof CancelledError) throw exception;
    const loop = getRunningLoop();
    if (loop.debug || !isOfPeer(exception)) {
      loop.callExceptionHandler({ message: 'a TLS handshake has failed', exception, stream: below });
    }
    return null;
  }
}

// A failure without a code of Node's or of OpenSSL's comes from a callback: SNICallback, or pskCallback.
function isOfPeer(exception: unknown): boolean {
  if (exception instanceof TlsError) return exception.reason !== '';
  return exception instanceof BrokenResourceError || exception instanceof TimeoutError || isOfSystem(exception);
}

function isOfSystem(exception: unknown): boolean {
  return typeof (exception as { errno?: unknown } | null)?.errno === 'number';
}

// The secure stream is closed before the one below it, so that the peer is told of the end.
function* serve(handler: Handler, stream: TlsStream): Coroutine<void> {
  try {
    if (isGeneratorFunction(handler)) yield* handler(stream) as Coroutine<void>;
    else yield* getRunningLoop().createTask(() => handler(stream), { name: 'handler' });
  } catch (error) {
    if (error instanceof CancelledError) stream.abort();
    else yield* stream.close();
    throw error;
  }
  yield* stream.close();
}
