// What a simulated program has instead of the real world's time and randomness, and what it must not have at all.
import * as childProcess from 'node:child_process';
import * as crypto from 'node:crypto';
import * as dns from 'node:dns';
import * as fs from 'node:fs';
import * as net from 'node:net';
import * as timers from 'node:timers';
import * as timersPromises from 'node:timers/promises';
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { failAfter, getRunningLoop, sleep, until } from '../../lib/index';
import { simulate } from '../../lib/testing';
import { rejectionOf } from '../helpers/failures';

const simulated = async <T>(body: () => T | Promise<T>, options = {}): Promise<T> =>
  (await simulate(async () => await body(), options)).result;

const clocks = () => [
  Date.now(), new Date().getTime(), new Date(Date()).getTime(), performance.now(), process.hrtime()[0],
  Number(process.hrtime.bigint()), process.uptime(),
];

test('simulate: every clock shows the virtual time', async () => {
  const shown = await simulated(async () => {
    await sleep(5_000);
    return clocks();
  }, { startDate: 1_000_000 });
  expect(shown).toEqual([1_005_000, 1_005_000, 1_005_000, 5_000, 5, 5e9, 5]);
});

test('simulate: dates with arguments, and what is a Date, stay what they are', async () => {
  expect(await simulated(() => [new Date(5).getTime(), new Date() instanceof Date, Date.UTC(2000, 0, 2), Date.length]))
    .toEqual([5, true, 946771200000, 7]);
  class Day extends Date {}
  expect(await simulated(() => [new Day(3) instanceof Day, new Day(3).getTime()])).toEqual([true, 3]);
});

test('simulate: spans of hrtime are counted from what was given', async () => {
  expect(await simulated(async () => {
    const before = process.hrtime();
    await sleep(1_500);
    return process.hrtime(before);
  })).toEqual([1, 500_000_000]);
});

test('simulate: so do marks, the origin of performance, and dates that are left out', async () => {
  const dateMs = Date.UTC(2010, 5, 7, 8, 9, 10);
  const shown = await simulated(async () => {
    await sleep(2_000);
    const mark = performance.mark('a');
    await sleep(500);
    const utc = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', dateStyle: 'short', timeStyle: 'medium' });
    const temporal = (globalThis as { Temporal?: { Now: { instant(): { epochMilliseconds: number } } } }).Temporal;
    return [
      mark.startTime, performance.measure('m', 'a').duration, performance.timeOrigin + performance.now(),
      utc.format(), utc.formatToParts().find(({ type }) => type === 'second')?.value,
      temporal?.Now.instant().epochMilliseconds ?? dateMs + 2_500,
    ];
  }, { startDate: dateMs });
  expect(shown).toEqual([2_000, 500, dateMs + 2_500, '07/06/2010, 08:09:12', '12', dateMs + 2_500]);
  const real = new Intl.DateTimeFormat('en', { year: 'numeric' });
  expect(Number(real.format())).toBeGreaterThan(2020);
});

const draws = () => [
  Math.random(), crypto.randomUUID(), crypto.randomInt(1_000), crypto.randomInt(5, 7),
  crypto.randomBytes(5).toString('hex'),
  globalThis.crypto.randomUUID(), [...globalThis.crypto.getRandomValues(new Uint16Array(3))],
  crypto.randomFillSync(Buffer.alloc(4), 1, 2).toString('hex'),
];

test('simulate: random numbers come from the seed', async () => {
  const [first, again] = [await simulated(draws, { seed: 1 }), await simulated(draws, { seed: 1 })];
  const other = await simulated(draws);
  expect(again).toEqual(first);
  expect(other).not.toEqual(first);
  expect(first[1]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(first[7]).toMatch(/^00....00$/);
  const called = await simulated(() => promisify(crypto.randomBytes)(3), { seed: 2 });
  expect(called).toHaveLength(3);
});

test('simulate: timers of Node run on virtual time, in their order', async () => {
  const { result, elapsedMs } = await simulate(async () => {
    const log: unknown[] = [];
    const note = (name: string) => log.push([name, getRunningLoop().time()]);
    setTimeout(note, 100, 'timeout');
    setImmediate(note, 'immediate');
    const ticker = setInterval(note, 30, 'tick');
    clearTimeout(setTimeout(note, 10, 'never'));
    timers.setTimeout(note, 55, 'module');
    await timersPromises.setTimeout(70, 'value').then((value) => note(value));
    clearInterval(ticker);
    clearTimeout(Number(setTimeout(note, 80, 'by number')));
    await promisify(setTimeout)(150);
    await (timersPromises.scheduler as { wait(ms: number): Promise<void> }).wait(49);
    await timersPromises.scheduler.yield(); // A millisecond, as a delay of zero is.
    return log;
  });
  expect(result).toEqual([
    ['immediate', 0], ['tick', 30], ['module', 55], ['tick', 60], ['value', 70], ['timeout', 100],
  ]);
  expect(elapsedMs).toBe(270);
});

test('simulate: a timer can be refreshed, and asked whether it is referenced', async () => {
  expect(await simulated(async () => {
    let firedAt = -1;
    const timer = setTimeout(() => {
      firedAt = getRunningLoop().time();
    }, 20);
    await sleep(15);
    timer.refresh().unref();
    await sleep(100);
    return [firedAt, timer.hasRef()];
  })).toEqual([35, false]);
});

test('simulate: timers as promises can be aborted, and iterated', async () => {
  const [code, ticks] = await simulated(async () => {
    const controller = new AbortController();
    const waiting = rejectionOf(timersPromises.setTimeout(1_000, null, { signal: controller.signal }));
    controller.abort();
    const seen: number[] = [];
    for await (const _ of timersPromises.setInterval(10)) if (seen.push(getRunningLoop().time()) === 3) break;
    return [((await waiting) as { code?: string }).code, seen] as const;
  });
  expect([code, ticks]).toEqual(['ABORT_ERR', [10, 20, 30]]);
});

test('simulate: AbortSignal.timeout aborts in virtual time', async () => {
  expect(await simulated(async () => {
    const signal = AbortSignal.timeout(3_600_000);
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    return [getRunningLoop().time(), (signal.reason as Error).name];
  })).toEqual([3_600_000, 'TimeoutError']);
});

test('simulate: what the callback of a timer throws fails the run', async () => {
  const failing = simulate(async () => {
    setTimeout(() => {
      throw new Error('in a timer');
    }, 5);
    await sleep(1_000);
  });
  expect((await rejectionOf(failing)).message).toBe('in a timer');
});

const escapes: [string, () => unknown][] = [
  ['net.Socket.connect', () => net.connect(1)],
  ['net.Server.listen', () => net.createServer().listen(0)],
  ['dns.lookup', () => dns.lookup('localhost', () => undefined)],
  ['dns.promises.lookup', () => dns.promises.lookup('localhost')],
  ['child_process.spawn', () => childProcess.spawn('true')],
  ['fs.promises.readFile', () => fs.promises.readFile('/dev/null')],
  ['fs.readFile', () => fs.readFile('/dev/null', () => undefined)],
  ['dns.promises.Resolver.resolve4', () => new dns.promises.Resolver().resolve4('localhost')],
  ['fs.realpath', () => fs.realpath('/', () => undefined)],
  ['fs.promises.opendir', () => fs.promises.opendir('/')],
  ['zlib._transform', () => zlib.gzip('x', () => undefined)],
  ['crypto.subtle.digest', () => crypto.webcrypto.subtle.digest('SHA-256', new Uint8Array(1))],
  ['crypto.scrypt', () => crypto.scrypt('a', 'b', 8, () => undefined)],
  ['crypto.sign', () => crypto.sign(null, Buffer.from('x'), 'no key', () => undefined)],
  ['crypto.generateKeyPairSync', () => crypto.generateKeyPairSync('ed25519')],
  ['fetch', () => fetch('http://localhost:1/')],
];

test.each(escapes)('simulate: %s is refused, in tasks and in helpers, with what to do', async (what, escape) => {
  const inHelper = simulate(function* () {
    const helper = async () => {
      await Promise.resolve();
      await escape();
    };
    yield* until(helper());
  });
  expect(await rejectionOf(inHelper)).toMatchObject({ code: 'ERR_REAL_WORLD', what });
  const error = await rejectionOf(simulate(function* () {
    escape();
  }));
  expect(error).toMatchObject({ code: 'ERR_REAL_WORLD', what });
  expect(error.message).toContain('allow');
});

const { stat } = fs.promises;
const hash = promisify(crypto.scrypt.bind(null)) as (password: string, salt: string, size: number) => Promise<unknown>;
const unseen: [string, () => Promise<unknown>, string][] = [
  ['a request', () => stat('/dev/null'), 'FSReqPromise'],
  ['a job of a thread', () => hash('password', 'salt', 8), 'a job of a thread'],
];

test.each(unseen)('simulate: %s that was begun unseen is refused in its turn', async (_what, begin, kind) => {
  const log: string[] = [];
  let begun: Promise<unknown> = Promise.resolve();
  const error = await rejectionOf(simulate(async () => {
    setInterval(() => log.push('the clock goes on'), 1_000);
    begun = begin();
    await begun;
  }));
  await begun;
  expect(error).toMatchObject({ code: 'ERR_REAL_WORLD', what: expect.stringContaining(kind) });
  expect(error.message).toContain('taken before the simulation');
  expect(log.length).toBeLessThan(200);
});

test('simulate: Sync functions of what needs a thread otherwise can be used', async () => {
  expect(await simulated(() => [
    zlib.gunzipSync(zlib.gzipSync('text')).toString(), crypto.scryptSync('a', 'b', 2).length,
    crypto.createHash('sha1').update('x').digest('hex').length,
  ])).toEqual(['text', 2, 40]);
});

test('simulate: with "report" it is let through and listed, and virtual time waits for it', async () => {
  const { result, realWorld, elapsedMs } = await simulate(async () => {
    const ticker = setInterval(() => undefined, 1_000);
    const text = await fs.promises.readFile(__filename, 'utf8');
    clearInterval(ticker);
    return text.length > 0 && Date.now() < Date.UTC(2000, 0, 2);
  }, { realWorld: 'report' });
  expect([result, realWorld]).toEqual([true, ['fs.promises.readFile']]);
  expect(elapsedMs).toBeLessThan(60_000);
});

test.each(['report', 'allow'] as const)('simulate: with "%s" an idle server does not stop the clock', async (realWorld) => {
  const { elapsedMs } = await simulate(async () => {
    const server = net.createServer().listen(0);
    await sleep(60_000);
    server.close();
  }, { realWorld });
  expect(elapsedMs).toBe(60_000);
});

test('simulate: with "allow" a timer of Node’s does not stop the clock, and main may wait for it', async () => {
  const { elapsedMs } = await simulate(async () => {
    const ticker = setInterval(() => undefined, 1); // real time: nothing is replaced
    await sleep(60_000);
    clearInterval(ticker);
    await new Promise((resolve) => setTimeout(resolve, 2)); // real time: as above
  }, { realWorld: 'allow' });
  expect(elapsedMs).toBe(60_000);
});

test('simulate: with "allow" a main that nothing can wake is a deadlock all the same', async () => {
  const failing = simulate(async () => new Promise(() => undefined), { realWorld: 'allow' });
  expect(await rejectionOf(failing)).toMatchObject({ code: 'ERR_DEADLOCK' });
});

test('simulate: with "report" virtual time waits for a job of a thread', async () => {
  const { result, elapsedMs } = await simulate(async () => {
    const key = await failAfter(10, () => promisify(crypto.scrypt)('password', 'salt', 8) as Promise<Buffer>);
    return key.length;
  }, { realWorld: 'report' });
  expect([result, elapsedMs]).toEqual([8, 0]);
});

test('simulate: with "allow" nothing is replaced', async () => {
  const { result } = await simulate(async () => {
    await new Promise((resolve) => setImmediate(resolve));
    return [Date.now() > Date.UTC(2020, 0), (await fs.promises.readFile(__filename)).length > 0];
  }, { realWorld: 'allow' });
  expect(result).toEqual([true, true]);
});

describe('what was replaced', () => {
  const replaced = () => [
    Date, Math.random, setTimeout, clearTimeout, setInterval, setImmediate, fetch, process.hrtime, process.uptime,
    crypto.randomUUID, crypto.randomBytes, net.Socket.prototype.connect, fs.promises.readFile, AbortSignal.timeout,
    fs.realpath, crypto.generateKeySync, dns.promises.Resolver.prototype.resolve4,
    Object.getOwnPropertyDescriptor(performance, 'now'), Object.getOwnPropertyDescriptor(globalThis.crypto, 'randomUUID'),
    Object.getOwnPropertyDescriptor(Object.getPrototypeOf(performance), 'timeOrigin'),
    Object.getOwnPropertyDescriptor(Intl.DateTimeFormat.prototype, 'format'),
  ];

  test('simulate: it is put back, however the simulation ends', async () => {
    const before = replaced();
    await simulate(async () => sleep(1));
    expect(replaced()).toEqual(before);
    await rejectionOf(simulate(async () => {
      throw new Error('main');
    }));
    await rejectionOf(simulate(async () => new Promise(() => undefined)));
    await rejectionOf(simulate(async () => {
      for (;;) await sleep(1);
    }, { maxTurns: 50 }));
    await rejectionOf(simulate(() => 5 as any));
    expect(replaced()).toEqual(before);
    for (const [i, one] of replaced().entries()) expect(Object.is(one, before[i]) || typeof one === 'object').toBe(true);
  });

  test('simulate: code outside is served by the real world meanwhile', async () => {
    const seen: boolean[] = [];
    const look = () => seen.push(Date.now() > Date.UTC(2020, 0), performance.now() !== 0, fs.existsSync(__filename));
    const running = simulate(async () => {
      for (let i = 0; i < 5_000; i++) await sleep(1);
    });
    // It is many turns long, and Node has its own ones between them.
    const outside = (async () => {
      for (let i = 0; i < 2; i++) {
        await new Promise((resolve) => setImmediate(resolve));
        look();
        await fs.promises.readFile(__filename);
      }
    })();
    await Promise.all([running, outside]);
    expect(seen).toEqual(seen.map(() => true));
  });

  test('simulate: what somebody else replaced meanwhile is left to him', async () => {
    const real = Math.random;
    const other = () => 0.25;
    try {
      await simulate(async () => {
        Math.random = other;
      });
      expect(Math.random).toBe(other);
    } finally {
      Math.random = real;
    }
  });
});
