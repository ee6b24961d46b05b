// The addon refuses what it cannot use. Node 20.11 ends the process where an addon asks it for the memory of something
// that has none, so each function is called in a process of its own, which has to get to its end.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fixture } from './loop_under_test';

interface Findings {
  readonly calls: number;
  readonly untyped: readonly string[];
  readonly undescribed: readonly string[];
}

test('binding: every function answers a wrong argument of every kind with a TypeError that has a code', () => {
  const cwd = mkdtempSync(join(tmpdir(), 'readyloop-'));
  try {
    const child = spawnSync(process.execPath, [fixture('wrong_arguments')], { cwd, encoding: 'utf8' });
    const lines = child.stdout.trimEnd().split('\n');
    // Where it did not get to its end, the last line names the function.
    expect(child.signal).toBeNull();
    expect(lines.at(-1)).toMatch(/^\{/);
    const { calls, untyped, undescribed } = JSON.parse(lines.at(-1)!) as Findings;
    expect(untyped).toEqual([]);
    expect(undescribed).toEqual([]);
    expect(calls).toBeGreaterThan(10_000);
    expect(child.status).toBe(0);
  } finally {
    rmSync(cwd, { recursive: true });
  }
});
