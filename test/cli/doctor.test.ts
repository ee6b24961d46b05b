// `readyloop doctor`: what it finds on this machine, what it says when nothing works, and what it takes for slow.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { VERSION } from '../../lib/base/version';
import { describeExamination } from '../../lib/cli/doctor_report';
import { examine } from '../../lib/cli/examination';
import type { Examination, Facts } from '../../lib/cli/facts';
import { slowThings } from '../../lib/cli/slow_things';
import { root } from '../contracts/rules/source_tree';
import { command } from './terminal';

const healthy: Facts = {
  version: VERSION,
  package: '/app/node_modules/readyloop',
  runtime: 'Node v22.1.0',
  target: 'linux-x64-glibc',
  libc: 'glibc 2.36',
  kernel: 'linux 6.1.0',
  binary: {
    path: '/app/node_modules/readyloop/prebuilds/linux-x64/readyloop.glibc.node', origin: 'prebuilt', bytes: 200_000,
  },
  problem: null,
  selector: 'epoll',
  selectors: ['epoll', 'poll'],
  driver: 'uv',
  drivers: ['uv', 'poller'],
  kernelFeatures: { epoll_pwait2: true, pidfd: true, UDP_SEGMENT: true },
  openFiles: { soft: 1_048_576, hard: 1_048_576 },
  debug: false,
  environment: {},
};

const slow = (change: Partial<Facts>): string[] => slowThings({ ...healthy, ...change }).map(({ what }) => what);
const report = (change: Partial<Examination>): string =>
  describeExamination({ ...healthy, slow: slowThings({ ...healthy, ...change }), ...change });

test('doctor: a loop runs here, on the addon that the environment names', async () => {
  const found = await examine();
  expect(found).toMatchObject({
    version: VERSION,
    problem: null,
    driver: process.env['READYLOOP_DRIVER'] ?? 'uv',
    binary: { path: process.env['READYLOOP_NATIVE_PATH'], origin: 'READYLOOP_NATIVE_PATH' },
  });
  expect(found.selectors).toContain(found.selector);
  expect(found.environment).toHaveProperty('READYLOOP_NATIVE_PATH');
  expect(found.openFiles?.soft ?? Infinity).toBeGreaterThan(0);
  if (process.platform === 'linux') {
    expect(Object.keys(found.kernelFeatures)).toEqual(['epoll_pwait2', 'pidfd', 'UDP_SEGMENT']);
    expect(Object.values(found.kernelFeatures).every((value) => typeof value === 'boolean')).toBe(true);
  }
});

test('doctor: --json is the same as an object', async () => {
  const { status, lines } = await command('doctor', '--json');
  expect([status, JSON.parse(lines)]).toEqual([0, JSON.parse(JSON.stringify(await examine()))]);
});

test('doctor: the report names every fact', () => {
  const text = report({});
  for (const fact of [VERSION, 'Node v22.1.0', 'linux-x64-glibc (glibc 2.36)', 'readyloop.glibc.node (200000 bytes)',
    'nothing was built here', 'epoll (also in this binary: poll)', 'driven by libuv',
    'also works here: poller', 'epoll_pwait2 yes', 'pidfd yes',
    'UDP_SEGMENT yes', '1048576', 'A loop runs here. Nothing found that would be slow.']) {
    expect(text).toContain(fact);
  }
});

test('doctor: each reason to be slow is found by itself, with a remedy', () => {
  expect(slow({})).toEqual([]);
  expect(slow({ selector: 'poll' })).toEqual(['the selector is poll(2)']);
  expect(slow({ selector: 'poll', selectors: ['poll'] })).toEqual([]);
  expect(slow({ kernelFeatures: { epoll_pwait2: false, UDP_SEGMENT: false } })).toHaveLength(2);
  expect(slow({ kernelFeatures: {} })).toEqual([]);
  expect(slow({ driver: 'poller' })).toEqual(['hosted runs are driven by a poller thread']);
  expect(slow({ openFiles: { soft: 256, hard: null } })).toEqual(['at most 256 files can be open']);
  expect(slow({ openFiles: { soft: null, hard: null } })).toEqual([]);
  expect(slow({ debug: true })).toEqual(['debug mode is on for all loops']);
  const built = { path: '/app/readyloop/build/Debug/readyloop.node', origin: 'local build', bytes: 1 } as const;
  expect(slow({ binary: built })).toEqual(['the binary is a debug build']);
  expect(report({ openFiles: { soft: 256, hard: 4096 } })).toMatch(/256 \(at most 4096\)[\s\S]*ulimit -n 4096/);
});

test('doctor: without a binary it says why, in both forms, and has failed', () => {
  const env = { ...process.env, READYLOOP_NATIVE_PATH: '/nowhere/readyloop.node' };
  const run = (...args: string[]): { status: number | null; stdout: string } =>
    spawnSync(process.execPath, [path.join(root, 'dist', 'cli', 'main.js'), 'doctor', ...args], { encoding: 'utf8', env });
  const { status, stdout } = run();
  expect(status).toBe(1);
  expect(stdout).toMatch(/binary +none[\s\S]*It does not work \(ERR_WRONG_BINARY\):[\s\S]*npx readyloop build/);
  const found = JSON.parse(run('--json').stdout) as Examination;
  expect(found).toMatchObject({ binary: null, driver: null, selector: null, problem: { code: 'ERR_WRONG_BINARY' } });
});

test('doctor: a selector that there is not is a problem, and not a crash', () => {
  const env = { ...process.env, READYLOOP_SELECTOR: 'select' };
  const options = { encoding: 'utf8', env } as const;
  const child = spawnSync(process.execPath, [path.join(root, 'dist', 'cli', 'main.js'), 'doctor', '--json'], options);
  expect([child.status, JSON.parse(child.stdout)]).toEqual([1, expect.objectContaining({ selector: null })]);
  expect((JSON.parse(child.stdout) as Examination).problem?.message).toContain('READYLOOP_SELECTOR=select');
});

test('doctor: a switch that says neither yes nor no is a problem, and one that says no is off', () => {
  const examine = (debug: string): Examination => {
    const options = { encoding: 'utf8', env: { ...process.env, READYLOOP_DEBUG: debug } } as const;
    const child = spawnSync(process.execPath, [path.join(root, 'dist', 'cli', 'main.js'), 'doctor', '--json'], options);
    return JSON.parse(child.stdout) as Examination;
  };
  expect(examine('perhaps').problem?.message).toContain('READYLOOP_DEBUG=perhaps is neither on nor off');
  expect(examine('0')).toMatchObject({ problem: null, debug: false });
  expect(examine('yes')).toMatchObject({ problem: null, debug: true });
});

test('doctor: the driver without libuv is reported where it was asked for', () => {
  const env = { ...process.env, READYLOOP_DRIVER: 'poller' };
  const options = { encoding: 'utf8', env } as const;
  const child = spawnSync(process.execPath, [path.join(root, 'dist', 'cli', 'main.js'), 'doctor'], options);
  expect(child.status).toBe(0);
  expect(child.stdout).toMatch(/driver +poller: [\s\S]*- hosted runs are driven by a poller thread: /);
});

test('doctor: poll(2) is reported where it was asked for', () => {
  const env = { ...process.env, READYLOOP_SELECTOR: 'poll' };
  const options = { encoding: 'utf8', env } as const;
  const child = spawnSync(process.execPath, [path.join(root, 'dist', 'cli', 'main.js'), 'doctor'], options);
  expect(child.status).toBe(0);
  expect(child.stdout).toMatch(/selector +poll \(also[\s\S]*- the selector is poll\(2\): .*unset READYLOOP_SELECTOR/);
});
