// Where failures without a caller go.
import { defaultExceptionHandler, EventLoop, type ExceptionContext } from '../../lib';
import { SimulatedEngine } from '../../lib/testing';
import { withCode } from '../helpers/failures';
import { ownedLoop, runReady } from '../helpers/owned_loop';

let printed: string[];
beforeEach(() => {
  printed = [];
  jest.spyOn(console, 'error').mockImplementation((text: string) => void printed.push(text));
});
afterEach(() => jest.restoreAllMocks());

const failure = new Error('broken callback');
const fail = (): never => {
  throw failure;
};

function loopWithDefaultHandler(): EventLoop {
  return new EventLoop({ engine: new SimulatedEngine() });
}

test('D39: the handler gets one object with message, exception, handle and loop', () => {
  const { loop } = ownedLoop();
  const calls: unknown[][] = [];
  loop.setExceptionHandler((...args: unknown[]) => calls.push(args));
  const handle = loop.callSoon(fail);
  runReady(loop);
  expect(calls).toEqual([[{ message: 'a callback threw', exception: failure, handle, loop }]]);
});

test('D39: a handler that throws is reported by the default handler, with the original failure', () => {
  const { loop } = ownedLoop();
  loop.setExceptionHandler(() => {
    throw new Error('broken handler');
  });
  loop.callSoon(fail);
  runReady(loop);
  expect(printed).toHaveLength(1);
  expect(printed[0]).toMatch(/the exception handler threw/);
  expect(printed[0]).toContain('broken handler');
  expect(printed[0]).toContain('broken callback');
});

test('DB3: the default handler prints the message, the stack, and the other facts sorted', () => {
  const loop = loopWithDefaultHandler();
  loop.callExceptionHandler({ message: 'it happened', exception: failure, zebra: 1, apple: null, mango: 'ripe', loop });
  const lines = (printed[0] as string).split('\n');
  expect(lines[0]).toBe('readyloop: it happened');
  expect(printed[0]).toContain(failure.stack as string);
  expect(lines.slice(-3)).toEqual(['  apple: null', '  mango: ripe', '  zebra: 1']);
});

test('DB3: the default handler names tasks and handles', () => {
  const loop = loopWithDefaultHandler();
  const task = loop.createTask(function* () {}, { name: 'worker' });
  const handle = loop.callSoon(() => undefined);
  loop.callExceptionHandler({ message: 'it happened', exception: 'text', task, handle });
  expect(printed[0]).toMatch(/text\n {2}handle: Handle\n {2}task: Task worker$/);
});

test('DB3: what cannot be printed ends in a last line, never in a loop', () => {
  const loop = loopWithDefaultHandler();
  const hostile = Object.defineProperty(new Error('x'), 'stack', {
    get: () => {
      throw new Error('no stack for you');
    },
  });
  loop.callExceptionHandler({ message: 'it happened', exception: hostile });
  loop.setExceptionHandler(() => {
    throw hostile;
  });
  loop.callExceptionHandler({ message: 'again', exception: failure });
  expect(printed).toEqual([
    expect.stringMatching(/it happened.*could not be printed/) as unknown,
    expect.stringMatching(/handler threw.*could not be printed/) as unknown,
  ]);
});

test('DB3: the tick goes on after a handler that throws', () => {
  const { loop } = ownedLoop();
  loop.setExceptionHandler(fail);
  const log: string[] = [];
  loop.callSoon(fail);
  loop.callSoon(() => log.push('next'));
  runReady(loop);
  expect(log).toEqual(['next']);
});

test.each([['text'], [7], [{}], [undefined]])('DB4: %p as a handler is a TypeError', (handler) => {
  const { loop } = ownedLoop();
  const before = loop.getExceptionHandler();
  expect(() => loop.setExceptionHandler(handler as never)).toThrow(withCode('ERR_INVALID_ARG_TYPE'));
  expect(loop.getExceptionHandler()).toBe(before);
});

test('DB4: null brings the default handler back', () => {
  const { loop, reports } = ownedLoop();
  loop.setExceptionHandler(null);
  loop.callSoon(fail);
  runReady(loop);
  expect([loop.getExceptionHandler(), reports, printed.length]).toEqual([null, [], 1]);
});

test('D39: the default handler can be called by one’s own', () => {
  const { loop } = ownedLoop();
  const seen: ExceptionContext[] = [];
  loop.setExceptionHandler((context) => {
    seen.push(context);
    defaultExceptionHandler(context);
  });
  loop.callSoon(fail);
  runReady(loop);
  expect([seen.length, printed.length]).toEqual([1, 1]);
});
