// Builds the addon again if one of its sources is newer than it: after a pull that touched native/, the TypeScript of the
// new version would otherwise meet the binary of the old one. Where there is no binary yet, installing makes one.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { runBuilder } from './run_builder.mjs';

const BINARY = 'build/Release/readyloop.node';

function isStale() {
  if (!existsSync(BINARY)) return false;
  const built = statSync(BINARY).mtimeMs;
  const sources = readdirSync('native', { recursive: true }).map((name) => `native/${name}`);
  return ['binding.gyp', ...sources].some((file) => statSync(file).mtimeMs > built);
}

if (isStale()) {
  // Configured anew, because what an earlier place of the checkout or an earlier Node left behind may not fit.
  const { status, stdout, stderr } = runBuilder('node-gyp', ['configure', 'build'], { encoding: 'utf8' });
  if (status !== 0) {
    process.stderr.write(`${stdout}${stderr}\nthe addon is older than its sources and could not be built again\n`);
    process.exitCode = 1;
  }
}
