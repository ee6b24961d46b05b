import { isSwitchedOn } from '../../lib/base/switches';

const VARIABLE = 'READYLOOP_TEST_SWITCH';

afterEach(() => {
  delete process.env['READYLOOP_TEST_SWITCH'];
});

test.each(['1', 'true', 'yes', 'TRUE', 'Yes'])('switches: %p is on', (text) => {
  process.env[VARIABLE] = text;
  expect(isSwitchedOn(VARIABLE)).toBe(true);
});

test.each(['', '0', 'false', 'no', 'False', 'NO'])('switches: %p is off', (text) => {
  process.env[VARIABLE] = text;
  expect(isSwitchedOn(VARIABLE)).toBe(false);
});

test('switches: an absent variable is off', () => {
  expect(isSwitchedOn(VARIABLE)).toBe(false);
});

test.each(['2', 'debug', ' ', '1 '])('switches: %p is an error that names the variable and the choice', (text) => {
  process.env[VARIABLE] = text;
  expect(() => isSwitchedOn(VARIABLE)).toThrow(expect.objectContaining({
    name: 'ArgumentRangeError',
    code: 'ERR_OUT_OF_RANGE',
    message: `${VARIABLE}=${text} is neither on nor off; say 1, true or yes, or else 0, false or no`,
  }) as Error);
});
