// Calls to an engine's sockets, written down or answered from what was written down: the answers, and the bytes that a call
// has put into its caller's memory.

import { UnsupportedError } from '../base/errors.js';
import { FrameLayout } from '../engine/abi.js';
import { DatagramFlag } from '../engine/datagrams.js';
import type { RecordedCall } from './recording.js';

type Answer = RecordedCall['answer'];
type Memory = Uint8Array | Int32Array;

/** Calls that write into memory of their caller: which argument, and where in it. */
const WRITING: Readonly<Record<string, { readonly into: number; readonly start?: number; readonly isData?: true }>> = {
  receive: { into: 2, start: 3, isData: true },
  peerCredentials: { into: 2 },
  packAddress: { into: 2 },
};

/** Where the flags of a call stand that can ask for descriptors. */
const FLAGS: Readonly<Record<string, number>> = {
  openDatagrams: 4, connectPackets: 3, acceptPackets: 4, adoptDatagrams: 3,
};

/** Wraps a set of calls so that each one and its answer is given to `note`. */
export function notingCalls<T extends object>(target: T, payloads: boolean, note: (call: RecordedCall) => void): T {
  return new Proxy(target, {
    get: (_, name: string) => {
      const member = Reflect.get(target, name) as unknown;
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        assertNoDescriptors(name, args);
        const answer = Reflect.apply(member, target, args) as Answer | undefined;
        const bytes = answer === 0 && name === 'receive' ? null : writtenBy(name, args, answer);
        const isKept = bytes !== null && (payloads || WRITING[name]?.isData !== true);
        note({ method: name, answer: answer ?? null, ...(isKept ? { payload: bytes.toString('base64') } : {}) });
        return answer;
      };
    },
  });
}

// A number that stands for a descriptor would stand for another one when the run is played again.
function assertNoDescriptors(name: string, args: readonly unknown[]): void {
  const flags = FLAGS[name];
  if (flags === undefined || (Number(args[flags]) & DatagramFlag.takeDescriptors) === 0) return;
  throw new UnsupportedError('descriptors that travel along cannot be recorded; leave receiveDescriptors out');
}

function writtenBy(name: string, args: readonly unknown[], answer: unknown): Buffer | null {
  const writing = WRITING[name];
  if (writing === undefined || !(Number(answer) >= 0)) return null;
  const into = args[writing.into] as Memory;
  const start = writing.start === undefined ? 0 : Number(args[writing.start]);
  const size = writing.isData === true ? Number(answer) : into.byteLength;
  return Buffer.from(into.buffer, into.byteOffset + start, size);
}

/** Answers a call as it was answered when it was recorded. */
export function playCall({ method, answer, payload }: RecordedCall, args: readonly unknown[]): unknown {
  const writing = WRITING[method];
  if (payload !== undefined && writing !== undefined) {
    const into = args[writing.into] as Memory;
    const bytes = Buffer.from(payload, 'base64');
    const start = writing.start === undefined ? 0 : Number(args[writing.start]);
    bytes.copy(Buffer.from(into.buffer, into.byteOffset, into.byteLength), start);
  }
  return answer;
}

/** Returns: the frames of datagrams with zeros for what was in them; who sent them, and how long they were, is kept. */
export function withoutPayloads(frames: Buffer): Buffer {
  const blank = Buffer.from(frames);
  for (let at = 0; at < blank.length;) {
    const size = blank.readInt32LE(at);
    const addressAt = at + FrameLayout.words * 4;
    const payloadAt = addressAt + 4 + ((blank[addressAt + 1]! + 3) & ~3);
    blank.fill(0, payloadAt, payloadAt + size);
    at = payloadAt + ((size + 3) & ~3);
  }
  return blank;
}
