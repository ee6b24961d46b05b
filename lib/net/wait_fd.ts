// Readiness of any descriptor, awaited. The descriptor stays its owner's: these watches are one-shot, so a stale one
// cannot spin the loop, and whoever closes the descriptor says so first with `notifyClosing`.

import { Direction } from '../engine/engine.js';
import type { Future } from '../kernel/future.js';
import { getRunningLoop } from '../kernel/running.js';
import { assertDescriptor, type Readiness } from '../kernel/watch_table.js';

/**
 * Waits until `fd` can be read without blocking.
 *
 * Returns: what the selector reported; a hint, so go on when the call then says EAGAIN.
 * Throws: at the call, EPERM for regular files, EBADF for closed descriptors, BusyResourceError if it is watched for
 *   reading already; at the wait, ClosedResourceError if `notifyClosing(fd)` is called meanwhile.
 * Checkpoint: yes. Cancel: the watch is removed; nothing is consumed.
 * Source: trio.lowlevel.wait_readable.
 */
export function waitReadable(fd: number): Future<Readiness> {
  assertDescriptor(fd, 'waitReadable');
  return getRunningLoop()._watches.wait(fd, Direction.read);
}

/**
 * Waits until `fd` can be written without blocking.
 *
 * Returns, Throws, Checkpoint, Cancel: as `waitReadable`. Source: trio.lowlevel.wait_writable.
 */
export function waitWritable(fd: number): Future<Readiness> {
  assertDescriptor(fd, 'waitWritable');
  return getRunningLoop()._watches.wait(fd, Direction.write);
}

/**
 * Ends all waits on a descriptor that is about to be closed: waiting tasks get ClosedResourceError, readers and writers
 * are removed. Call it before the close, or a reused number could wake the wrong one.
 *
 * Throws: ArgumentTypeError, ArgumentRangeError for what is no descriptor. Checkpoint: no.
 * Source: trio.lowlevel.notify_closing.
 */
export function notifyClosing(fd: number): void {
  assertDescriptor(fd, 'notifyClosing');
  getRunningLoop()._watches.notifyClosing(fd);
}
