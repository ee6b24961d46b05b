// Random programs about every primitive, held against models. `npm run model` plays more of them, or one with its trace.
import { check, KINDS, programFor, traced } from './checker';
import { FAULTY } from './faults';
import { isMixed, printed, type Program } from './program';
import { play } from './interpreter';
import { smaller } from './shrink';

const SEEDS_PER_KIND = 30;

/** Plays some programs about kinds of primitives. */
async function expectSound(...names: string[]): Promise<void> {
  const kinds = new Map(names.map((name) => [name, KINDS.get(name)!]));
  for (let seed = 1; seed <= SEEDS_PER_KIND * names.length; seed++) {
    // Compared as a whole, so that a failure shows the program.
    expect(await check(seed, kinds)).toBeNull();
  }
}

test('LK1, LK5, LK8, D10, DV1, DV2, DV3: model: random programs of locks', () => expectSound('Lock', 'RLock'));
test('EV2, EV7, EV9, EV10, DV2: model: random programs of events and conditions', () => expectSound('Event', 'Condition'));
test('SE4, SE5, SE6, SE9, SE11, SE14, SE15, SE16: model: random programs of what counts', () =>
  expectSound('Semaphore', 'CapacityLimiter', 'Barrier', 'ResourceGuard'));
test('Q4, Q6, Q7, Q8, Q9, Q13, Q14, DV1, DV2, DV3: model: random programs of queues', () =>
  expectSound('Queue', 'LifoQueue', 'PriorityQueue'));
test('CH2, CH3, CH4, CH5, CH6, CH7: model: random programs of channels and broadcasts', () =>
  expectSound('channel', 'Broadcast'));

test.each([...FAULTY.keys()])('model: it finds %s', async (name) => {
  const faulty = new Map([[name, FAULTY.get(name)!]]);
  let seed = 1;
  let finding = await check(seed, faulty);
  while (finding === null && seed < 1_000) finding = await check(++seed, faulty);
  expect(finding).toMatchObject({ seed, report: expect.stringContaining(`FAULT: ${finding?.message}`) as unknown });
  // Small enough to be read.
  expect(finding!.report.split('\n').filter((line) => /^ {4}/.test(line)).length).toBeLessThan(16);
});

test('model: a seed gives the same program and the same trace again', async () => {
  for (const seed of [3, 10, 12]) {
    const [first, again] = [await traced(programFor(seed, KINDS)), await traced(programFor(seed, KINDS))];
    const untold = (text: string): string => text.replace(/Task-\d+/g, 'a task');
    expect(untold(again.text)).toBe(untold(first.text));
  }
});

test('model: programs come in both colours, and with every operation', () => {
  const programs = Array.from({ length: 1_000 }, (_, seed) => programFor(seed, KINDS));
  expect(programs.filter(isMixed).length).toBeGreaterThan(300);
  expect(programs.filter((program) => !isMixed(program)).length).toBeGreaterThan(300);
  for (const [name, { operations }] of KINDS) {
    const text = programs.filter(({ subject }) => subject === name).map(printed).join('\n');
    for (const operation of operations) expect(text).toMatch(new RegExp(`^ +${operation} \\d`, 'm'));
  }
});

test('model: a failing program is made smaller for as long as it fails', async () => {
  const program = programFor(12, KINDS);
  const isLong = (text: string): boolean => (text.match(/publish/g) ?? []).length >= 2;
  const small = await smaller(program, (candidate: Program) => Promise.resolve(isLong(printed(candidate))));
  expect(printed(small).split('\n').filter((line) => /^ {4}/.test(line))).toHaveLength(2);
  expect(await play(small, () => KINDS.get(small.subject)!.make(small.size))).toBeNull();
});
