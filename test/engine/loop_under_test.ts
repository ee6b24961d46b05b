// A NativeLoop with its ring and nothing above it: what the tests of this folder drive by hand.
import { execFileSync } from 'node:child_process';
import { constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Header, Kind } from '../../lib/engine/abi';
import { loadBinding, type NativeLoop } from '../../lib/engine/binding';
import { chosenDriver, type DriverName, workingDrivers } from '../../lib/engine/drivers';
import { openNativeLoop } from '../../lib/engine/native_engine';
import { ReadyRing, recordWord } from '../../lib/engine/ready_ring';

export interface SeenRecord {
  readonly slot: number;
  readonly word: number;
  readonly a: number;
  readonly b: number;
}

export const timerWord = recordWord(1, Kind.timer);
export const readyWord = recordWord(1, Kind.ready);
export const handleWord = recordWord(1, Kind.handle);

/** Every selector with every driver that works here. */
export const combinations = loadBinding().selectors.flatMap((selector) =>
  workingDrivers(loadBinding().drivers).map((driver): [string, DriverName] => [selector, driver]),
);

export class LoopUnderTest {
  readonly ring: ReadyRing;
  readonly native: NativeLoop;

  constructor(selector: string, { capacity = 64, driver = chosenDriver(loadBinding().drivers) } = {}) {
    this.ring = new ReadyRing(capacity);
    this.native = openNativeLoop(loadBinding(), this.ring, selector, driver);
    if (this.native.failure !== 0) throw new Error(`the loop could not be made: errno ${this.native.failure}`);
  }

  header(index: Header): number {
    return this.ring.words[index]!;
  }

  /** Everything that waits, oldest first. */
  take(): SeenRecord[] {
    if (this.header(Header.nativeOverflow) !== 0) this.ring.adopt(this.native.takeOverflow());
    const seen: SeenRecord[] = [];
    for (let at = this.ring.take(); at >= 0; at = this.ring.take()) {
      const [slot, word, a, b] = this.ring.words.subarray(at, at + 4) as unknown as [number, number, number, number];
      seen.push({ slot, word, a, b });
    }
    return seen;
  }

  takeSlots(): number[] {
    return this.take().map(({ slot }) => slot);
  }

  /** Turns of the owned driver until `count` records were seen. */
  runUntil(count: number): SeenRecord[] {
    const seen: SeenRecord[] = [];
    while (seen.length < count) {
      const appended = this.native.runOnce(Infinity);
      if (appended < 0) throw new Error(`runOnce failed: errno ${appended}`);
      seen.push(...this.take());
    }
    return seen;
  }
}

/** A pipe whose two ends are one descriptor: what is written to it makes it readable. The caller closes it. */
export function openSelfPipe(): number {
  const folder = mkdtempSync(join(tmpdir(), 'readyloop-'));
  try {
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    return openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function fixture(name: string): string {
  return join(__dirname, 'fixtures', `${name}.js`);
}
