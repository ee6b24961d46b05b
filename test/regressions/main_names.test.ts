// Whatever runs a main said `run` where that main was no coroutine, or its options were none.
import { run, runBlocking, runMain, Runner } from '../../lib/index';
import { withCode } from '../helpers/failures';

test.each([
  ['run', run],
  ['runBlocking', runBlocking],
  ['runMain', runMain],
  ['runner.run', (main: never) => {
    const runner = new Runner();
    try {
      void runner.run(main);
    } finally {
      void runner.close(); // It would keep the process alive.
    }
  }],
])('regression: %s names itself when its argument is no coroutine', (name, call: (main: never) => unknown) => {
  expect(() => call(5 as never)).toThrow(withCode('ERR_INVALID_ARG_TYPE', new RegExp(`^${name}: `)));
});

test('regression: runMain names itself when its options are none', () => {
  expect(() => runMain(function* () {}, 5 as never)).toThrow(withCode('ERR_INVALID_ARG_TYPE', /^runMain: /));
});
