// Contract: no test outside test/stress waits on real time or binds a fixed port.
import { findNativeRealTime, findRealTime } from './rules/real_time';
import { readTree, report, type SourceFile } from './rules/source_tree';

const isScanned = (file: SourceFile): boolean =>
  !/^test\/(stress|types)\//.test(file.path) && file.path !== 'test/contracts/no_sleep.test.ts';
const tests = readTree(['test'], ['.ts']).filter(isScanned);
const nativeTests = readTree(['test/native'], ['.cc', '.cpp', '.h']).filter((file) => !file.path.includes('stress'));

const complaints = (text: string): string[] => findRealTime([{ path: 'a.ts', text }]).map(({ what }) => what);

describe('the rules', () => {
  test('no sleep: a timer of Node with a delay is found, a plain turn is not', () => {
    expect(complaints('setTimeout(done, 5); globalThis.setTimeout(done, wait);')).toHaveLength(2);
    expect(complaints('setInterval(done, 0);')).toHaveLength(1);
    expect(complaints('setTimeout(done); setTimeout(done, 0); setImmediate(done);')).toEqual([]);
  });

  test('no sleep: timers as promises are found', () => {
    expect(complaints(`import { setTimeout as pause } from 'node:timers/promises';`)).toHaveLength(1);
    expect(complaints(`import { setImmediate } from 'node:timers/promises';`)).toEqual([]);
  });

  test('no sleep: a sleep on the real loop is found, one on a simulated engine is not', () => {
    expect(complaints('run(function* () { yield* sleep(5); });')).toHaveLength(1);
    expect(complaints('runBlocking(function* () { loop.callLater(5, f); });')).toHaveLength(1);
    expect(complaints('run(function* () { yield* sleep(5); }, { engine: simulated });')).toEqual([]);
    expect(complaints('virtualTime(function* () { yield* sleep(5); });')).toEqual([]);
    expect(complaints('run(function* () { yield* sleep(0); yield* sleep(-1); });')).toEqual([]);
  });

  test('no sleep: inside a simulation timers and ports are virtual', () => {
    expect(complaints('simulate(async () => { setTimeout(done, 5); open({ port: 80 }); });')).toEqual([]);
    expect(complaints('simulate(async () => undefined); setTimeout(done, 5);')).toHaveLength(1);
  });

  test('no sleep: the methods of a loop count by the engine that it was given', () => {
    const body = 'await runner.run(function* () { yield* sleep(5); });';
    expect(complaints(`const runner = new Runner(); ${body}`)).toHaveLength(1);
    expect(complaints(`const runner = new Runner({ engine: simulated() }); ${body}`)).toEqual([]);
    expect(complaints('const loop = new EventLoop(); loop.callLater(5, f);')).toHaveLength(1);
    expect(complaints('const loop = new EventLoop({ engine }); loop.callLater(5, f);')).toEqual([]);
  });

  test('no sleep: blocking the thread is found', () => {
    expect(complaints('Atomics.wait(cell, 0, 0, 10);')).toHaveLength(1);
  });

  test('no sleep: a fixed port is found, port 0 is not', () => {
    expect(complaints('server.listen(8080); open({ port: 9000 });')).toHaveLength(2);
    expect(complaints(`server.listen(0); server.listen(path); open({ port: 0 });`)).toEqual([]);
  });

  test('no sleep: a reason beside the wait excuses it, an empty one does not', () => {
    expect(complaints('// real time: the subject is the real clock\nsetTimeout(done, 5);')).toEqual([]);
    expect(complaints('setTimeout(done, 5); // real time: the subject is the real clock')).toEqual([]);
    expect(complaints('// real time:\nsetTimeout(done, 5);')).toHaveLength(1);
  });

  test('no sleep: waits of native tests are found outside comments and strings', () => {
    const text = 'sleep_for(5ms);\n// usleep(5)\nlog("sleep(1)");\naddress.sin_port = htons(8080);\nhtons(0);\n';
    expect(findNativeRealTime([{ path: 'a.cc', text }]).map(({ where }) => where)).toEqual(['a.cc:1', 'a.cc:4']);
  });
});

describe('the tree', () => {
  test('no sleep: no TypeScript test waits on real time or binds a fixed port', () => {
    expect(tests.length).toBeGreaterThan(0);
    expect(report(findRealTime(tests))).toEqual([]);
  });

  test('no sleep: no native test waits on real time or binds a fixed port', () => {
    expect(report(findNativeRealTime(nativeTests))).toEqual([]);
  });
});
