// The command by its arguments: help, version, and what is said about a command or an option that there is not.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { VERSION } from '../../lib/base/version';
import { root } from '../contracts/rules/source_tree';
import { command } from './terminal';

test.each(['--help', '-h', 'help'])('command: %s lists the commands', async (option) => {
  const { status, lines, complaints } = await command(option);
  expect([status, complaints]).toEqual([0, '']);
  expect(lines).toMatch(/^ {2}doctor +says which native binary is loaded/m);
  expect(lines).toMatch(/^ {2}build +compiles the native part/m);
});

test('command: without arguments it helps, and has failed', async () => {
  const { status, lines, complaints } = await command();
  expect([status, lines]).toEqual([2, '']);
  expect(complaints).toContain('usage: readyloop COMMAND');
});

test.each(['--version', '-v'])('command: %s is the version', async (option) => {
  expect(await command(option)).toEqual({ status: 0, lines: VERSION, complaints: '' });
});

test.each(['doctor', 'build'])('command: %s explains itself', async (name) => {
  for (const args of [[name, '--help'], [name, '-h'], ['help', name], ['--help', name]]) {
    const { status, lines } = await command(...args);
    expect([status, lines.split(' ').slice(0, 3).join(' ')]).toEqual([0, `usage: readyloop ${name}`]);
  }
});

test('command: an unknown one is named, with the one that was probably meant', async () => {
  expect(await command('docter')).toEqual({
    status: 2,
    lines: '',
    complaints: 'readyloop has no command docter (did you mean doctor?); `readyloop --help` lists them',
  });
  expect((await command('rebuild')).complaints).toContain('did you mean build?');
  expect((await command('toString')).complaints).toBe('readyloop has no command toString; `readyloop --help` lists them');
  expect((await command('--frobnicate')).status).toBe(2);
});

test('command: an unknown option, and a word too many, are told with the usage', async () => {
  const option = await command('doctor', '--xml');
  expect([option.status, option.lines]).toEqual([2, '']);
  expect(option.complaints).toMatch(/^readyloop doctor: Unknown option '--xml'[\s\S]*usage: readyloop doctor \[--json\]$/);
  expect((await command('build', 'now')).complaints).toMatch(/^readyloop build: Unexpected argument 'now'/);
  expect((await command('build', '--out')).complaints).toMatch(/--out.*argument missing/);
});

test('command: the installed file runs, and its exit status tells', () => {
  const run = (...args: string[]): unknown[] => {
    const file = path.join(root, 'dist', 'cli', 'main.js');
    const child = spawnSync(process.execPath, [file, ...args], { encoding: 'utf8' });
    return [child.status, child.stdout.trim()];
  };
  expect(run('--version')).toEqual([0, VERSION]);
  expect(run('frobnicate')).toEqual([2, '']);
});

test('command: what the system refuses is told in a line', () => {
  const file = path.join(root, 'dist', 'cli', 'main.js');
  const env = { ...process.env, TMPDIR: '/nowhere' };
  const child = spawnSync(process.execPath, [file, 'build', '--out', 'readyloop.node'], { encoding: 'utf8', env });
  expect(child.status).toBe(1);
  expect(child.stderr).toMatch(/^readyloop build: /);
  expect(child.stderr).not.toMatch(/^ +at /m);
});
