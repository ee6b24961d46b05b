// Not an example, but what holds each one to its word: imported by an example that was started with `--check`, it
// compares what the example prints with the comment at the example's end. Otherwise it does nothing.
import { readFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

function expectedOutput(file) {
  const [, comment = ''] = readFileSync(file, 'utf8').split('\n// Prints:\n');
  return comment.replaceAll(/^\/\/ ?/gm, '');
}

if (process.argv.includes('--check') && isMainThread) {
  let printed = '';
  const log = console.log;
  console.log = (...values) => {
    printed += `${values.join(' ')}\n`;
    log(...values);
  };
  process.on('exit', (status) => {
    const expected = expectedOutput(process.argv[1]);
    if (status !== 0 || printed === expected) return;
    console.error(`it should have printed:\n${expected}`);
    process.exitCode = 1;
  });
}
