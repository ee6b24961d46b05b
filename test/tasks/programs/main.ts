// Programs under runMain and run({ signals }), one per argument. They print a line when they are ready to be signalled.
import { CancelledError, checkpoint, type Coroutine, createTask, run, runMain, sleepForever, until } from '../../../lib/index';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function* waitForEver(): Coroutine<void> {
  say('ready');
  yield* sleepForever();
}

const programs: Readonly<Record<string, () => void>> = {
  endless: () => runMain(waitForEver),
  'endless, signals undefined': () => runMain(waitForEver, { signals: undefined, signal: undefined }),
  'endless async': () =>
    runMain(async () => {
      say('ready');
      await sleepForever();
    }),
  tidy: () =>
    runMain(function* () {
      try {
        yield* waitForEver();
      } catch (error) {
        say(`reason ${String((error as CancelledError).reason)}`);
        yield* checkpoint();
        say('cleanup ended');
        throw error;
      }
    }),
  stubborn: () =>
    runMain(function* () {
      try {
        yield* waitForEver();
      } finally {
        say('cancelled');
        yield* sleepForever();
      }
    }),
  'stubborn child': () =>
    runMain(function* () {
      void createTask(function* () {
        try {
          yield* sleepForever();
        } finally {
          say('child cancelled');
          yield* sleepForever();
        }
      });
      yield* waitForEver();
    }),
  'ended with a stubborn child': () =>
    runMain(function* () {
      void createTask(function* () {
        try {
          yield* sleepForever();
        } finally {
          say('ready');
          yield* until(new Promise<void>((resolve) => process.stdin.once('data', () => resolve())));
          process.stdin.pause();
        }
      });
      yield* checkpoint();
    }),
  swallowing: () =>
    runMain(function* () {
      try {
        yield* waitForEver();
      } catch {
        say('swallowed');
      }
    }),
  'failing cleanup': () =>
    runMain(function* () {
      try {
        yield* waitForEver();
      } finally {
        throw new Error('cleanup failed');  
      }
    }),
  failing: () =>
    runMain(function* () {
      yield* checkpoint();
      throw new Error('main failed');
    }),
  'cancelled by itself': () =>
    runMain(function* () {
      yield* checkpoint();
      throw new CancelledError('by hand');
    }),
  quiet: () =>
    runMain(function* () {
      yield* checkpoint();
    }),
  'run with signals': () => {
    run(waitForEver, { signals: ['SIGTERM'] }).then(
      () => say('resolved'),
      (error: unknown) => say(`rejected ${String((error as CancelledError).reason)}`),
    );
  },
  'run without signals': () => {
    void run(waitForEver);
  },
  'run beside a handler': () => {
    process.on('SIGTERM', () => say('handler of the user'));
    run(waitForEver, { signals: ['SIGTERM'] }).catch(() => say('rejected'));
  },
};

const [, , name = ''] = process.argv;
programs[name]?.();
