// Owned loops that had waited kept watching Node's own selector, and beside a hosted loop about a hundred of them used up
// what Linux allows to one descriptor: libuv aborted the process. Run in a child, because that is what used to die.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const library = join(__dirname, '..', '..', 'lib', 'index.js');

const program = `
  const { EventLoop, run, sleep } = require(${JSON.stringify(library)});
  const loops = [];
  run(function* () { yield* sleep(0); }).then(() => {
    for (let i = 0; i < 150; i++) {
      const loop = new EventLoop();
      loop.runOnce({ timeout: 0.01 }); // real time: a wait that blocks is what made the watch
      loops.push(loop);
    }
    require('node:net').createServer().listen(0, function () {
      this.close();
      for (const loop of loops) loop.close();
      console.log('alive');
    });
  });
`;

test('owned loops: many that are open and have waited leave Node its own selector', () => {
  expect(execFileSync(process.execPath, ['-e', program], { encoding: 'utf8' })).toBe('alive\n');
});
