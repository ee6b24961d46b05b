// Simulations as tests: for Jest, for node:test, and for whatever else.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { checkpoint, createTask, sleep } from '../../lib/index';
import { explored, exploreTest, simulated } from '../../lib/testing';
import { rejectionOf } from '../helpers/failures';
import { codeOf } from '../tasks/support';

const seen: number[] = [];
exploreTest('exploreTest: in Jest it registers a test that is run', { seeds: 5 }, function* () {
  yield* sleep(1_000);
  seen.push(1);
});
test('exploreTest: the test before this one ran its five seeds', () => {
  expect(seen).toHaveLength(5);
});

test('simulated: a test without an error', simulated(async () => {
  await sleep(86_400_000);
}));

test('simulated, explored: what fails, fails the test', async () => {
  const main = function* () {
    yield* checkpoint();
    throw new Error('it fails');
  };
  expect((await rejectionOf(simulated(main)())).message).toBe('it fails');
  const error = await rejectionOf(explored(main, { seeds: 2 })());
  expect(error).toMatchObject({ code: 'ERR_EXPLORATION', cause: { message: 'it fails' } });
});

describe('with an environment', () => {
  const kept = { ...process.env };
  afterEach(() => {
    delete process.env['READYLOOP_SEED'];
    delete process.env['READYLOOP_SEEDS'];
    Object.assign(process.env, kept);
  });
  const countRuns = async () => {
    const draws: number[] = [];
    await explored(async () => {
      draws.push(Math.random());
    }, { seeds: 3 })();
    return draws;
  };

  test('explored: READYLOOP_SEEDS says how many, READYLOOP_SEED which one', async () => {
    const three = await countRuns();
    expect(three).toHaveLength(3);
    process.env['READYLOOP_SEEDS'] = '7';
    expect((await countRuns()).slice(0, 3)).toEqual(three);
    expect(await countRuns()).toHaveLength(7);
    process.env['READYLOOP_SEED'] = '2';
    expect(await countRuns()).toEqual([three[1]]);
  });

  test.each(['READYLOOP_SEED', 'READYLOOP_SEEDS'])('explored: %s that is no number is an error with its name', (name) => {
    process.env[name] = 'many';
    expect(() => explored(function* () {})()).toThrow(`${name}=many is no whole number from 0 on`);
  });
});

test('exploreTest: any runner can be given', async () => {
  const registered: [string, () => Promise<void>, number][] = [];
  const register = (...test: [string, () => Promise<void>, number]) => void registered.push(test);
  let runs = 0;
  exploreTest('a name', { seeds: 4, register, timeoutMs: 5 }, function* () {
    yield* createTask(function* () {});
    runs++;
  });
  const [[name, body, timeoutMs]] = registered as [[string, () => Promise<void>, number]];
  await body();
  expect([name, timeoutMs, runs]).toEqual(['a name', 5, 4]);
});

test('exploreTest, simulated, explored: what is no main or name is refused at the call', () => {
  expect(codeOf(() => simulated(5 as any))).toBe('ERR_INVALID_ARG_TYPE');
  expect(codeOf(() => explored(5 as any))).toBe('ERR_INVALID_ARG_TYPE');
  expect(codeOf(() => exploreTest(5 as any, {}, function* () {}))).toBe('ERR_INVALID_ARG_TYPE');
});

test('exploreTest: without a global function it registers with node:test', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'readyloop-runner-'));
  try {
    const library = path.resolve(__dirname, '../../lib');
    const file = path.join(folder, 'explored.test.cjs');
    writeFileSync(file, `
      const { sleep } = require(${JSON.stringify(path.join(library, 'index.js'))});
      const { exploreTest } = require(${JSON.stringify(path.join(library, 'testing.js'))});
      exploreTest('survives', { seeds: 3 }, function* () { yield* sleep(1000); });
      exploreTest('breaks', { seeds: 3 }, function* () { throw new Error('planted'); });`);
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const { stdout } = spawnSync(process.execPath, ['--test', '--test-reporter=tap', file], { env, encoding: 'utf8' });
    expect(stdout).toMatch(/# pass 1\b/);
    expect(stdout).toMatch(/# fail 1\b/);
    expect(stdout).toMatch(/seed 1 fails: Error: planted/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
