// Memory for received bytes that C++ writes into. A protocol is shown views of it, and whoever has a view can have its
// ArrayBuffer taken away (a ReadableStream of bytes does so with everything that is enqueued): C++ would then write into
// what is somebody else's memory, or nobody's. The buffer of a WebAssembly memory cannot be taken away.

import { markAsUntransferable } from 'node:worker_threads';

const PAGE_BYTES = 64 * 1024;

// Node's types do not have it.
interface WithWebAssembly {
  readonly WebAssembly: {
    readonly Memory: new (pages: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
  };
}

/** Returns: `bytes` of memory, a multiple of 64 KiB, all zero. Pages that are not touched cost nothing. */
export function makeSlabMemory(bytes: number): ArrayBuffer {
  const pages = bytes / PAGE_BYTES;
  try {
    const { WebAssembly: assembly } = globalThis as unknown as WithWebAssembly;
    return new assembly.Memory({ initial: pages, maximum: pages }).buffer;
  } catch {
    // Without WebAssembly (--jitless), or where addresses are scarce. From Node 24 on the mark does as much.
    const plain = new ArrayBuffer(bytes);
    markAsUntransferable(plain);
    return plain;
  }
}
