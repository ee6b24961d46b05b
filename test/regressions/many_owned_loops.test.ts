// Owned loops that had waited kept watching Node's own selector. About a hundred of them used up the wake-up paths that
// Linux allows, so that a hosted loop could not start any more, or libuv aborted the process. Hence the child process.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const library = join(__dirname, '..', '..', 'lib', 'index.js');

const program = `
  const { EventLoop, run, sleep } = require(${JSON.stringify(library)});
  const loops = Array.from({ length: 150 }, () => new EventLoop());
  // real time: a wait that blocks is what made the watch
  for (const loop of loops) loop.runOnce({ timeout: 0.01 });
  run(function* () { yield* sleep(0); }).then(() => {
    for (const loop of loops) loop.close();
    console.log('alive');
  });
`;

test('owned loops: a hosted loop starts beside many that are open and have waited', () => {
  expect(execFileSync(process.execPath, ['-e', program], { encoding: 'utf8' })).toBe('alive\n');
});
