// Readiness of a descriptor that Node knows nothing about: a named pipe, opened without blocking and read by hand.
// The same works for serial ports, FUSE, netlink, and whatever an addon opens. Regular files are always ready, so they
// are refused; read those with node:fs.
import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gather, notifyClosing, run, sleep, waitReadable } from 'readyloop';
import './check.mjs';

/** Gives what can be read now, or null when nothing can: readiness is a hint, so the call may still say EAGAIN. */
function tryRead(fd, buffer) {
  try {
    return buffer.toString('utf8', 0, readSync(fd, buffer));
  } catch (error) {
    if (error.code === 'EAGAIN') return null;
    throw error;
  }
}

function* readToEnd(fd) {
  const buffer = Buffer.alloc(4096);
  let all = '';
  for (;;) {
    yield* waitReadable(fd);
    const text = tryRead(fd, buffer);
    if (text === '') return all; // The end: every writer has closed.
    if (text !== null) all += text;
  }
}

function* writeSlowly(fd, words) {
  for (const word of words) {
    writeSync(fd, `${word} `);
    yield* sleep(20);
  }
  closeSync(fd);
}

function* main() {
  const folder = mkdtempSync(path.join(tmpdir(), 'readyloop-'));
  const pipe = path.join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const readEnd = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  const writeEnd = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
  try {
    const [text] = yield* gather(readToEnd(readEnd), writeSlowly(writeEnd, ['one', 'two', 'three']));
    console.log(`read: ${text.trim()}`);
  } finally {
    notifyClosing(readEnd); // Before the close: the number may soon be somebody else's.
    closeSync(readEnd);
    rmSync(folder, { recursive: true });
  }
}

await run(main);

// Prints:
// read: one two three
