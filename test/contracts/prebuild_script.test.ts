// Contract: `npm run prebuild` builds the binaries, and `npm run build`, before which package managers run the script of
// that name, does not; and the judge of binaries finds what is wrong with one.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './rules/source_tree';

const scripts = path.join(root, 'scripts');
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'readyloop-prebuild-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Runs a module that prints, in a process of its own: the scripts are ES modules, which Jest's realm cannot import. */
function printed(code: string): string {
  const options = { cwd: folder, encoding: 'utf8' } as const;
  const child = spawnSync(process.execPath, ['--input-type=module', '--eval', code], options);
  return child.status === 0 ? child.stdout.trim() : child.stderr;
}

const asked = JSON.stringify(pathToFileURL(path.join(scripts, 'prebuild', 'asked_by_name.mjs')).href);

describe('prebuild', () => {
  test.each([
    ['npm run prebuild', true],
    ['npm run build', false],
    ['npm test', false],
    ['npm run prebuild -- linux-x64-glibc', true],
    ['node /usr/bin/pnpm run prebuild', true],
    ['node /usr/bin/pnpm build', false],
    ['/usr/bin/node /usr/share/yarn/bin/yarn.js prebuild', true],
    ['/usr/bin/node /usr/share/yarn/bin/yarn.js build', false],
    ['bun run prebuild', true],
  ])('prebuild: under `%s` it was asked for by name: %s', (command, expected) => {
    const above = JSON.stringify(['sh -c node scripts/prebuild.mjs', command, '/bin/bash -c make prebuild']);
    const code = `import { askedByName } from ${asked}; console.log(askedByName('prebuild', ${above}));`;
    expect(printed(code)).toBe(String(expected));
  });

  test('prebuild: run without a package manager it was asked for', () => {
    expect(printed(`import { askedByName } from ${asked}; console.log(askedByName(undefined, []));`)).toBe('true');
  });

  test('prebuild: npm tells the two apart in earnest', () => {
    const say = `import { askedByName } from ${asked}; console.log('asked', askedByName());`;
    writeFileSync(path.join(folder, 'say.mjs'), say);
    const manifest = { scripts: { prebuild: 'node say.mjs', build: 'node --version' } };
    writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest));
    const run = (name: string): string => spawnSync('npm', ['run', name], { cwd: folder, encoding: 'utf8' }).stdout;
    expect(run('prebuild')).toContain('asked true');
    expect(run('build')).toContain('asked false');
  });
});

// A machine of x64 wants that of arm64, and the other way round: it is not the system's own.
test('test:prebuilds: where apt does not have musl for another machine, the error says why', () => {
  const bin = path.join(folder, 'bin');
  mkdirSync(bin);
  writeFileSync(path.join(bin, 'apt-get'), '#!/bin/sh\necho "E: 404 Not Found" >&2\nexit 100\n', { mode: 0o755 });
  const other = process.arch === 'x64' ? 'arm64' : 'x64';
  const loader = JSON.stringify(pathToFileURL(path.join(scripts, 'prebuild', 'musl_loader.mjs')).href);
  const code = `process.env.PATH = ${JSON.stringify(bin)} + ':' + process.env.PATH;
    process.env.READYLOOP_TOOL_CACHE = ${JSON.stringify(path.join(folder, 'tools'))};
    const { findMuslLoader } = await import(${loader});
    try { findMuslLoader('${other}'); } catch (error) { console.log(error.message); }`;
  expect(printed(code)).toMatch(/^musl for (arm64|amd64) could not be had by apt \(Debian has every .*\): [^]*E: 404 Not Found/);
});

describe('runQuietly', () => {
  const quietly = JSON.stringify(pathToFileURL(path.join(scripts, 'prebuild', 'run_quietly.mjs')).href);
  const run = (program: string): string =>
    printed(`import { runQuietly } from ${quietly};
      const running = runQuietly(process.execPath, ['--eval', ${JSON.stringify(program)}]);
      const text = await running.catch((error) => error.message);
      console.log(text.replaceAll('€', '').slice(-80));`);

  test('regression: a program that a signal killed is said to be, and one that failed by its status', () => {
    expect(run("process.kill(process.pid, 'SIGKILL')")).toMatch(/was killed by SIGKILL$/);
    expect(run('process.exitCode = 3')).toMatch(/ended with status 3$/);
  });

  test('regression: a character whose bytes come in two pieces stays one', () => {
    expect(run("process.stdout.write('€'.repeat(200_000) + '.')")).toBe('.');
  });
});

test('regression: test:prebuilds tries no target where this system can run no other one', () => {
  const posing = "Object.defineProperty(process, 'platform', { value: 'darwin' });";
  const preload = `data:text/javascript,${encodeURIComponent(posing)}`;
  const args = ['--import', preload, path.join(scripts, 'test_prebuilds.mjs'), 'others'];
  const { status, stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  expect(status).toBe(0);
  expect(stdout).toContain('not run: linux-arm64-musl: this machine cannot');
  expect(stdout).not.toMatch(/FAILED|ran:|---/);
});

describe('prebuild:check', () => {
  const file = 'prebuilds/linux-x64/readyloop.glibc.node';

  /** What the judge says against `bytes` as the binary of linux-x64-glibc. */
  function complaintsAbout(bytes: Buffer): string[] {
    mkdirSync(path.join(folder, path.dirname(file)), { recursive: true });
    writeFileSync(path.join(folder, file), bytes);
    const args = [path.join(scripts, 'check_prebuilds.mjs'), 'linux-x64-glibc', '--in', folder];
    const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    return stdout.split('\n').filter((line) => line.startsWith('FAIL'));
  }

  // Any ELF shared object of 64 bits will do: the addon that this suite runs on.
  const addon = process.platform === 'linux' ? readFileSync(process.env['READYLOOP_NATIVE_PATH']!) : null;
  const onLinux = addon === null ? test.skip : test;

  /** The addon with one text in it replaced by another of the same length. */
  function withText(from: string, to: string): Buffer {
    expect(to.length).toBe(from.length);
    const changed = Buffer.from(addon!);
    for (let at = changed.indexOf(from); at >= 0; at = changed.indexOf(from, at)) changed.write(to, at, 'latin1');
    return changed;
  }

  onLinux('prebuild:check: another kind of file, half a file, and another machine’s are found', () => {
    expect(complaintsAbout(Buffer.from('not a binary'))).toEqual([expect.stringContaining('binary of its platform')]);
    expect(complaintsAbout(addon!.subarray(0, addon!.length / 2))).toEqual([expect.stringContaining('ends too early')]);
    const riscv = Buffer.from(addon!);
    riscv.writeUInt16LE(243, 18);
    expect(complaintsAbout(riscv)).toContainEqual(expect.stringContaining('for unknown'));
  });

  onLinux('prebuild:check: a name that nobody has, and one that should not be shown, are found', () => {
    const wanting = withText('\0napi_create_object\0', '\0none_create_object\0');
    expect(complaintsAbout(wanting)).toContainEqual(expect.stringMatching(/wants nothing but .*none_create_object/));
    const showing = withText('\0napi_register_module_v1\0', '\0napi_register_module_v9\0');
    expect(complaintsAbout(showing)).toContainEqual(expect.stringMatching(/shows .*napi_register_module_v9/));
  });

  onLinux('prebuild:check: a binary that is too large is found', () => {
    const large = Buffer.concat([addon!, Buffer.alloc(500_000)]);
    expect(complaintsAbout(large)).toContainEqual(expect.stringContaining('more than 400000'));
  });

  onLinux('prebuild:check: a path of the machine that built it is found', () => {
    const telling = Buffer.concat([addon!, Buffer.from('\0/home/somebody/project/a.cc\0')]);
    expect(complaintsAbout(telling)).toContainEqual(expect.stringContaining('/home/somebody/project/a.cc'));
  });
});
