// Sequencer: parts of several tasks in an order of one's own.
import { all, createTask, sleep } from '../../lib/index';
import { Sequencer, waitAllTasksBlocked } from '../../lib/testing';
import { codeOf, colours, failureOf, hosted } from '../tasks/support';

describe.each(colours)('in a $name task', (colour) => {
  test('TK3: parts run by their numbers, whatever order they come in', hosted(function* () {
    const sequencer = new Sequencer();
    const log: string[] = [];
    const parts = (name: string, numbers: readonly number[]) =>
      colour.of(function* () {
        for (const number of numbers) {
          yield sequencer.part(number, async () => {
            log.push(`${name}${number} begins`);
            await sleep(10);
            log.push(`${name}${number} ends`);
          });
        }
      });
    yield* all([parts('a', [2, 3]), parts('b', [0, 4]), parts('c', [1])]);
    expect(log).toEqual([
      'b0 begins', 'b0 ends', 'c1 begins', 'c1 ends', 'a2 begins', 'a2 ends',
      'a3 begins', 'a3 ends', 'b4 begins', 'b4 ends',
    ]);
  }));

  test('TK3: a part that is cancelled while it waits breaks those behind it', hosted(function* () {
    const sequencer = new Sequencer();
    const waiting = createTask(colour.of(function* () {
      yield sequencer.part(1, function* () {});
    }));
    const behind = createTask(colour.of(function* () {
      yield sequencer.part(2, function* () {});
    }));
    yield* waitAllTasksBlocked();
    waiting.cancel();
    expect(yield* failureOf(behind)).toMatchObject({ code: 'ERR_BROKEN' });
    expect(yield* failureOf(waiting)).toMatchObject({ code: 'ERR_CANCELLED' });
    expect(yield* failureOf(sequencer.part(3, function* () {}))).toMatchObject({ code: 'ERR_BROKEN' });
  }));

  test('TK3: the error of a part is thrown, and the next one follows all the same', hosted(function* () {
    const sequencer = new Sequencer();
    const failing = createTask(colour.of(function* () {
      yield sequencer.part(0, function* () {
        yield* sleep(1);
        throw new Error('in part 0');
      });
    }));
    const next = sequencer.part(1, function* () {
      return 'next';
    });
    expect(yield* failureOf(failing)).toMatchObject({ message: 'in part 0' });
    expect(yield* next).toBe('next');
  }));
});

test('TK3: a part gives what its body gives', hosted(function* () {
  expect(yield* new Sequencer().part(0, function* () {
    return 7;
  })).toBe(7);
}));

test('TK3: a number is for one part', hosted(function* () {
  const sequencer = new Sequencer();
  yield* sequencer.part(0, function* () {});
  expect(yield* failureOf(sequencer.part(0, function* () {}))).toMatchObject({ code: 'ERR_INVALID_STATE' });
}));

test('Sequencer: what is no position or no body is refused at the call', () => {
  const sequencer = new Sequencer();
  for (const position of [-1, 0.5, NaN, '0']) {
    expect(codeOf(() => sequencer.part(position as number, function* () {}))).toBe('ERR_OUT_OF_RANGE');
  }
  expect(codeOf(() => sequencer.part(0, undefined as any))).toBe('ERR_INVALID_ARG_TYPE');
});
