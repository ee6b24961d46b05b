// The memory behind the chunks that readers are given.
import { getHeapStatistics } from 'node:v8';
import { ChunkMemory } from '../../lib/net/chunk_memory';

const source = new ArrayBuffer(256 * 1024);

// Fills each of many pieces with a number of its own, and looks for a piece in which another one's stands.
function overwritten(memory: ChunkMemory, sizes: readonly number[]): number[] {
  const chunks = Array.from({ length: 400 }, (_, i) => memory.copyOf(source, 0, sizes[i % sizes.length]!).fill(i));
  return chunks.flatMap((chunk, i) => (chunk.every((byte) => byte === (i & 255)) ? [] : [i]));
}

test.each([
  ['large', ChunkMemory.forLarge(), [8192, 100_000, 16_384, 200_000, 8193]],
  ['small', ChunkMemory.forSmall(), [1, 8191, 1024, 3, 513]],
] as const)('memory of %s chunks: no byte is given out twice', (_, memory, sizes) => {
  expect(overwritten(memory, sizes)).toEqual([]);
});

test('a chunk holds what stood in its source', () => {
  const bytes = new Uint8Array(source);
  bytes.forEach((_, i) => (bytes[i] = i * 7));
  const chunk = ChunkMemory.forLarge().copyOf(source, 1000, 9000);
  expect(chunk.equals(Buffer.from(source, 1000, 9000))).toBe(true);
  expect(chunk.buffer).not.toBe(source);
});

test('room: what was not taken of it is given to the next', () => {
  const memory = ChunkMemory.forLarge();
  memory.room(64 * 1024).fill('a', memory.used, memory.used + 9000);
  const first = memory.take(9000);
  memory.room(64 * 1024).fill('b', memory.used, memory.used + 9000);
  const second = memory.take(9000);
  expect([first.buffer === second.buffer, second.byteOffset - first.byteOffset]).toEqual([true, 9000]);
  expect([first.every((byte) => byte === 97), second.every((byte) => byte === 98)]).toEqual([true, true]);
});

test('blocks reserve no more than they give out once so much is kept that it would be in vain', () => {
  const memory = ChunkMemory.forLarge();
  const kept = Array.from({ length: 300 }, () => memory.copyOf(source, 0, 256 * 1024));
  const lengths = kept.map((chunk) => chunk.buffer.byteLength);
  // What 128 MiB hold of the long ones, and the one that goes beyond.
  expect(lengths.filter((length) => length === 1024 * 1024).length).toBeLessThanOrEqual(129);
  expect(lengths).toContain(256 * 1024);
});

test('a large block is four times what is given out of it, so that the collector looks sooner', () => {
  const isMuchKept = (): boolean => getHeapStatistics().external_memory > 128 * 1024 * 1024;
  let [before, length] = [false, 0];
  // The collector may run in between, and take what other tests have kept.
  do {
    before = isMuchKept();
    length = ChunkMemory.forLarge().copyOf(source, 0, 8192).buffer.byteLength;
  } while (isMuchKept() !== before);
  expect(length).toBe((before ? 256 : 1024) * 1024);
});

test.each([
  ['large', ChunkMemory.forLarge()],
  ['small', ChunkMemory.forSmall()],
] as const)('memory of %s chunks cannot be given to another thread', (_, memory) => {
  const [first, second] = [memory.copyOf(source, 0, 8192), memory.copyOf(source, 0, 100)];
  // What Node does with such memory depends on its version: it refuses, or copies.
  try {
    structuredClone(first.buffer, { transfer: [first.buffer as ArrayBuffer] });
  } catch (error) {
    expect((error as Error).name).toBe('DataCloneError');
  }
  expect([first.length, second.length]).toEqual([8192, 100]);
});
