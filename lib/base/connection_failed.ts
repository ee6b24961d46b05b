// The failure of a connection to a name with several addresses.

import type { SystemError } from './errors.js';
import { ExceptionGroup } from './exception_group.js';

/**
 * No address of a host could be connected to. `errors` has what happened at each, in that order; `code`, `errno` and
 * `syscall` are those of the first, so that one check serves hosts with one address and with several.
 */
export class ConnectionFailedError extends ExceptionGroup {
  override readonly code: string;
  readonly errno: number;
  readonly syscall: string;
  /** The host that was asked for. */
  readonly address: string;
  readonly port: number;

  constructor(errors: readonly SystemError[], host: string, port: number) {
    const first = errors[0] as SystemError;
    const each = errors.map((error) => `${error.address}: ${error.code}`).join(', ');
    super(errors, `${first.code}: ${first.syscall} ${host}:${port}: no address answered (${each})`);
    this.code = first.code;
    this.errno = first.errno;
    this.syscall = first.syscall;
    this.address = host;
    this.port = port;
  }

  override get name(): string {
    return 'ConnectionFailedError';
  }
}
