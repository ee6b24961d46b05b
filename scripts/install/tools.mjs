// The package managers, runtimes and bundlers of the install checks, each fetched from the npm registry when it is first
// wanted. One that cannot be fetched leaves its checks not run.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { NotRun, outcomeOf } from './runner.mjs';

const platform = `${process.platform}-${process.arch}`;

/** name → the package (with what is needed of its version) and the file in it. */
const TOOLS = {
  npm12: ['npm@12', 'npm/bin/npm-cli.js'],
  pnpm10: ['pnpm@10', 'pnpm/bin/pnpm.cjs'],
  pnpm: [`@pnpm/exe.${platform}@12`, `@pnpm/exe.${platform}/pnpm`],
  yarn: ['@yarnpkg/cli-dist@4', '@yarnpkg/cli-dist/bin/yarn.js'],
  bun: [`@oven/bun-${platform === 'linux-arm64' ? 'linux-aarch64' : platform}@1`,
    `@oven/bun-${platform === 'linux-arm64' ? 'linux-aarch64' : platform}/bin/bun`],
  deno: [`@deno/${platform}${process.platform === 'linux' ? '-glibc' : ''}@2`,
    `@deno/${platform}${process.platform === 'linux' ? '-glibc' : ''}/deno`],
  esbuild: ['esbuild@0.28', 'esbuild/lib/main.js'],
  webpack: ['webpack@5', 'webpack/lib/index.js'],
};

/** Another Node, by its major version. */
const node = (major) => [`node-${platform}@${major}`, `node-${platform}/bin/node`];

/** Fetches tools into a folder. */
export class Tools {
  #folder;
  #fetched = new Map();
  constructor(folder) {
    this.#folder = folder;
  }

  /** Returns: the tool's file. Throws: NotRun if it cannot be had. */
  async get(name) {
    if (!this.#fetched.has(name)) this.#fetched.set(name, this.#fetch(name));
    return await this.#fetched.get(name);
  }

  async #fetch(name) {
    const [, major] = /^node(\d+)$/.exec(name) ?? [];
    const [wanted, file] = major === undefined ? TOOLS[name] : node(major);
    const folder = path.join(this.#folder, name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'package.json'), '{"private": true}\n');
    // No scripts: the binaries are files of the packages. `--force`, because a tool may want a newer Node than this.
    const args = ['install', wanted, '--ignore-scripts', '--no-audit', '--no-fund', '--force', '--prefer-offline'];
    const { status, all } = await outcomeOf('npm', args, { cwd: folder });
    const found = path.join(folder, 'node_modules', file);
    if (status === 0 && existsSync(found)) return found;
    const [reason] = all.split('\n').filter((line) => /error/i.test(line));
    throw new NotRun(`${wanted} could not be had (${reason ?? `it has no ${file}`})`);
  }
}
