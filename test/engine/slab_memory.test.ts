// Memory for received bytes, with WebAssembly and without it.
import { makeSlabMemory } from '../../lib/engine/slab_memory';

const BYTES = 128 * 1024;

test('slab memory cannot be transferred away', () => {
  const memory = makeSlabMemory(BYTES);
  expect(memory.byteLength).toBe(BYTES);
  try {
    structuredClone(memory, { transfer: [memory] });
  } catch (error) {
    expect((error as Error).name).toBe('DataCloneError');
  }
  expect(memory.byteLength).toBe(BYTES);
});

test('slab memory is plain where there is no WebAssembly', () => {
  const place = globalThis as { WebAssembly?: unknown };
  const there = place.WebAssembly;
  delete place.WebAssembly;
  try {
    expect(makeSlabMemory(BYTES).byteLength).toBe(BYTES);
  } finally {
    place.WebAssembly = there;
  }
});
