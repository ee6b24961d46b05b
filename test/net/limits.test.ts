// Limits of a process: too few descriptors, and memory that must not grow with what is sent.
import { spawn } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';

const programs = path.join(__dirname, 'programs');

/** A program as a child, whose lines are read one by one. */
function startProgram(command: string, ...args: string[]) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const next = async (): Promise<string> => String((await lines.next()).value);
  return { child, next, ended };
}

const portIn = (line: string): number => Number(/^port (\d+)$/.exec(line)?.[1]);

/** Sends a word, and goes away when it has come back. Returns: what came back, or the code of what went wrong. */
function echoOnce(port: number, word: string): Promise<string> {
  return new Promise((resolve) => {
    const socket: Socket = connect(port, '127.0.0.1', () => socket.write(word));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(String(error.code)));
    socket.on('close', () => resolve('turned away'));
    socket.on('data', (data) => {
      resolve(String(data));
      socket.end();
    });
  });
}

test('IO22: a server that runs out of descriptors says so, and goes on when there are some', async () => {
  const program = path.join(programs, 'few_descriptors.js');
  const { child, next, ended } = startProgram('sh', '-c', 'ulimit -n 48; exec "$0" "$1"', process.execPath, program);
  const port = portIn(await next());
  const words = Array.from({ length: 150 }, (_, i) => `word ${i}`);
  const answers = await Promise.all(words.map((word) => echoOnce(port, word)));
  // Each time it has none left it turns one connection away, instead of letting it hang.
  const served = answers.filter((answer) => answer.startsWith('word'));
  expect(answers.filter((answer, i) => answer !== words[i] && !['ECONNRESET', 'turned away'].includes(answer))).toEqual([]);
  expect(served.length).toBeGreaterThan(120);
  for (const word of words.slice(0, 20)) expect(await echoOnce(port, word)).toBe(word);
  child.stdin.end();
  expect(await next()).toMatch(/^report EMFILE: a server cannot accept connections for now, and will try again$/);
  let line = await next();
  while (line.startsWith('report EMFILE')) line = await next();
  const [, count, turns] = /^served (\d+) turns (\d+)$/.exec(line) ?? [];
  expect(Number(count)).toBeGreaterThan(served.length);
  expect(Number(turns)).toBeLessThan(20_000);
  expect(await ended).toBe(0);
});

const MEBIBYTES = Number(process.env['READYLOOP_TRANSFER_MIB'] ?? 1024);
const MOST_GROWTH = 16 * 1024 * 1024;

test('ST13, ST14: a large transfer to a slow reader does not grow the memory of the sender', async () => {
  const program = path.join(programs, 'large_transfer.js');
  const { next, ended } = startProgram(process.execPath, program, String(MEBIBYTES));
  const port = portIn(await next());
  const received = await receiveSlowly(port);
  expect(received).toEqual({ bytes: MEBIBYTES * 1024 * 1024, isFaithful: true });
  const [, grown, isBounded] = /^grown (\d+) pending (true|false)$/.exec(await next()) ?? [];
  expect(Number(grown)).toBeLessThan(MOST_GROWTH);
  expect(isBounded).toBe('true');
  expect(await ended).toBe(0);
}, 60_000 + MEBIBYTES * 500);

// Every chunk of the sender is the same 64 KiB, so each received piece has its place in two of them.
const sent = Buffer.alloc(128 * 1024);
for (let i = 0; i < sent.length; i++) sent[i] = (i % (64 * 1024)) % 251;

function receiveSlowly(port: number): Promise<{ bytes: number; isFaithful: boolean }> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let bytes = 0;
    let isFaithful = true;
    socket.on('error', reject);
    socket.on('data', (data) => {
      for (let at = 0; at < data.length;) {
        const offset = (bytes + at) % (64 * 1024);
        const length = Math.min(data.length - at, 64 * 1024);
        if (sent.compare(data, at, at + length, offset, offset + length) !== 0) isFaithful = false;
        at += length;
      }
      const isOften = Math.floor(bytes / 4_000_000) !== Math.floor((bytes + data.length) / 4_000_000);
      bytes += data.length;
      if (!isOften) return;
      socket.pause();
      setTimeout(() => socket.resume(), 3); // real time: a reader that is slower than the sender
    });
    socket.on('end', () => {
      socket.end();
      resolve({ bytes, isFaithful });
    });
  });
}
