// Installs the packed tarball as users do, each time into an empty folder, and runs programs there: package managers with
// scripts refused, versions of Node, module systems, compilers, a bundle, workers, other runtimes, and the commands of the
// package. `node scripts/install_check.mjs` makes all checks; words choose those whose names contain one of them, and
// `--tarball FILE` takes that one instead of packing this checkout.
// What cannot be had (no network, no such tool on this platform) is printed as "not run", with its reason.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { bundleChecks } from './install/bundles.mjs';
import { commandChecks } from './install/command_checks.mjs';
import { managerChecks } from './install/managers.mjs';
import { programs } from './install/programs.mjs';
import { check, conclude, output } from './install/runner.mjs';
import { runtimeChecks } from './install/runtimes.mjs';
import { makeProject, packForHere } from './install/tarball.mjs';
import { Tools } from './install/tools.mjs';
import { typeChecks } from './install/types.mjs';

const { values: { tarball: given }, positionals: words } = parseArgs({
  options: { tarball: { type: 'string' } },
  allowPositionals: true,
});
const workshop = realpathSync(mkdtempSync(path.join(tmpdir(), 'readyloop-install-')));

/** The environment of a machine that has Node, a shell, and nothing else: no compiler, no Python, no variables of npm's. */
function bareEnvironment() {
  const bin = path.join(workshop, 'bin');
  mkdirSync(bin);
  symlinkSync(process.execPath, path.join(bin, 'node'));
  symlinkSync('/bin/sh', path.join(bin, 'sh'));
  const kept = ['HOME', 'LANG', 'TMPDIR', 'HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY', 'https_proxy', 'http_proxy', 'no_proxy',
    'NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE'];
  const env = Object.fromEntries(kept.filter((name) => name in process.env).map((name) => [name, process.env[name]]));
  return { ...env, PATH: bin, CI: 'true' };
}

try {
  const { tarball, isStandIn } = packForHere(workshop, given);
  if (isStandIn) console.log('note: prebuilds/ has nothing for this machine; the build of this checkout stands in for it');
  const tools = new Tools(path.join(workshop, 'tools'));
  const env = bareEnvironment();
  const npm = (await output('npm', ['root', '-g'], { cwd: workshop })).trim();
  const registry = (await output('npm', ['config', 'get', 'registry'], { cwd: workshop })).trim();
  const project = makeProject(workshop, 'npm', programs);
  const shop = { workshop, tarball, tools, env, project, registry, npm: path.join(npm, 'npm', 'bin', 'npm-cli.js') };
  const everything = [managerChecks, runtimeChecks, typeChecks, bundleChecks, commandChecks].flatMap((make) => make(shop));
  for (const [name, body, isNeeded = false] of everything) {
    if (isNeeded || words.length === 0 || words.some((word) => name.includes(word))) await check(name, body);
  }
} finally {
  rmSync(workshop, { recursive: true, force: true });
}
process.exitCode = conclude() ? 0 : 1;
