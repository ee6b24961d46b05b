// Servers that the tests of libraries talk to: ours with Node's code behind them, and real ones as child processes.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Duplex } from 'node:stream';
import { type Coroutine, type Future, openConnection, type Server, type SocketDuplex, startServer } from '../../lib';
import { root } from '../contracts/rules/source_tree';
import { portOf } from './support';

/** Gives each connection of a server of ours to a server of Node's that never listens. */
export function serveNode(app: { emit(event: 'connection', duplex: Duplex): boolean }): Future<Server> {
  return startServer(function* (stream): Coroutine<void> {
    app.emit('connection', stream.toDuplex());
    yield* stream.waitClosed();
  }, { host: '127.0.0.1', port: 0 });
}

export async function connectDuplex(server: Server): Promise<SocketDuplex> {
  return (await openConnection({ host: '127.0.0.1', port: portOf(server) })).toDuplex();
}

export const certificate = (file: string): Buffer => readFileSync(path.join(root, 'test/net/certificates', file));

/** A child process that serves at a UNIX path. */
export interface Daemon {
  readonly path: string;
  stop(): Promise<void>;
}

/** Starts a server as a child process, and waits until it says on one of its outputs that it is ready. */
async function startDaemon(
  folder: string, file: string, args: readonly string[], socket: string, ids: { uid?: number; gid?: number } = {},
): Promise<Daemon> {
  const child = spawn(file, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], ...ids });
  const ended = new Promise<void>((resolve) => void child.once('close', () => resolve()));
  await ready(child);
  return {
    path: path.join(folder, socket),
    stop: async () => {
      child.kill('SIGINT');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    const hear = (text: Buffer): void => {
      said += String(text);
      if (/ready to accept connections/i.test(said)) resolve();
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('error', reject);
    child.once('close', (code) => reject(new Error(`the server ended with ${code}: ${said}`)));
  });
}

export function startRedis(file: string): Promise<Daemon> {
  const folder = mkdtempSync(path.join(tmpdir(), 'readyloop-redis-'));
  const args = ['--port', '0', '--unixsocket', path.join(folder, 'redis.sock'), '--save', '', '--appendonly', 'no'];
  return startDaemon(folder, file, args, 'redis.sock');
}

// It refuses to run as root, so there it runs as the user that its package has made.
export function startPostgres(files: { readonly initdb: string; readonly postgres: string }): Promise<Daemon> {
  const folder = mkdtempSync(path.join(tmpdir(), 'readyloop-postgres-'));
  const ids: { uid?: number; gid?: number } = {};
  if (process.getuid?.() === 0) {
    const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
    Object.assign(ids, { uid: id('-u'), gid: id('-g') });
    chownSync(folder, id('-u'), id('-g'));
  }
  const data = path.join(folder, 'data');
  const options = ['-D', data, '-U', 'tester', '-A', 'trust', '--no-sync', '--no-instructions', '-E', 'UTF8', '--locale=C'];
  execFileSync(files.initdb, options, { cwd: folder, stdio: 'pipe', ...ids });
  const args = ['-D', data, '-k', folder, '-c', 'listen_addresses=', '-c', 'fsync=off', '-c', 'shared_buffers=1MB'];
  return startDaemon(folder, files.postgres, args, '.s.PGSQL.5432', ids);
}
