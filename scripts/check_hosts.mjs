// Runs the built package under other hosts than Node: Bun and Deno, whose binaries come from the npm registry into a
// folder of their own. First what every host must do (scripts/hosts/program.mjs), then the examples that check themselves.
// What a host cannot do is in KNOWN, with the reason, and is looked at all the same: if it works, the list is wrong.
//
//   node scripts/check_hosts.mjs [bun|deno …]      Linux x64; a host that cannot be installed is left out with a line
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const folder = path.join(root, 'build', 'hosts');
const EXAMPLES = ['hello', 'async_colour', 'fd_readiness', 'runner', 'signals', 'worker', 'all_cores'];

const HOSTS = {
  bun: { name: '@oven/bun-linux-x64-baseline', version: '1.4.5', file: 'bin/bun', args: [] },
  deno: { name: '@deno/linux-x64-glibc', version: '2.9.6', file: 'deno', args: ['run', '-A', '--no-lock'] },
};

const KNOWN = {
  'deno signals': 'it says of a child that was sent a signal that the signal has ended it',
  'deno all_cores': 'the port of a worker has no close()',
};

const results = { passed: 0, failed: 0 };

function count(holds, what, printed) {
  results[holds ? 'passed' : 'failed']++;
  console.log(`${holds ? 'ok  ' : 'FAIL'} ${what}`);
  if (!holds) console.log(printed);
}

function install({ name, version, file }) {
  mkdirSync(folder, { recursive: true });
  const options = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', folder];
  const { status } = spawnSync('npm', ['install', ...options, `${name}@${version}`], { encoding: 'utf8' });
  return status === 0 ? path.join(folder, 'node_modules', name, file) : null;
}

function runUnder(binary, args) {
  const settings = { cwd: root, encoding: 'utf8', timeout: 60_000, killSignal: 'SIGKILL' };
  const { status, stdout, stderr } = spawnSync(binary, args, { ...settings, stdio: ['ignore', 'pipe', 'pipe'] });
  return { status, printed: `${stdout}${stderr}` };
}

function checkHost(host) {
  const binary = process.platform === 'linux' && process.arch === 'x64' ? install(HOSTS[host]) : null;
  if (binary === null) {
    console.log(`not run: ${host}: no binary of it could be installed here`);
    return;
  }
  const { args, version } = HOSTS[host];
  console.log(`${host} ${version}`);
  const { status, printed } = runUnder(binary, [...args, 'scripts/hosts/program.mjs']);
  console.log(printed.trimEnd());
  results.passed += [...printed.matchAll(/^ok /gm)].length;
  count(status === 0, `${host}: what every host must do`, `status ${status}`);
  for (const example of EXAMPLES) {
    const ran = runUnder(binary, [...args, `examples/${example}.mjs`, '--check']);
    const holds = ran.status === 0 && !/^.{0,20}error/m.test(ran.printed);
    const known = KNOWN[`${host} ${example}`];
    if (known === undefined) count(holds, `${host}: examples/${example}.mjs`, ran.printed);
    else count(!holds, `${host}: examples/${example}.mjs does not work yet: ${known}`, 'it works; take it off the list');
  }
}

const chosen = process.argv.slice(2);
for (const host of chosen.length > 0 ? chosen : Object.keys(HOSTS)) checkHost(host);
console.log(`${results.passed} passed, ${results.failed} failed`);
process.exitCode = results.failed === 0 ? 0 : 1;
