// record and replayRecording: a run on the real engine, and the same run without anything real.
import {
  type ByteStream, checkpoint, type Coroutine, createTask, getAddrInfo, getNameInfo, getRunningLoop, openConnection,
  openDatagram, sleep, startServer,
} from '../../lib/index';
import { record, type Recording, recordingOf, replayRecording } from '../../lib/testing';
import { rejectionOf } from '../helpers/failures';
import { asyncColour, codeOf, colours, outcomeOf } from '../tasks/support';

const here = { host: '127.0.0.1', port: 0 };

function* echo(stream: ByteStream): Coroutine<void> {
  for (let line = yield* stream.readLine(); line !== null; line = yield* stream.readLine()) {
    yield* stream.send(`${String(line)}!\n`);
  }
}

/** Connections, timers and clocks; what is noted depends on the real world. */
function* busy(log: unknown[]): Generator<any, string> {
  const loop = getRunningLoop();
  const server = yield startServer(echo, here);
  const port = server.address().port as number;
  const clients = ['a', 'b', 'c'].map((name) =>
    createTask(function* () {
      const stream = yield* openConnection({ host: here.host, port });
      for (let i = 0; i < 6; i++) {
        yield* stream.send(`${name}${i}${'x'.repeat(i * 4_000)}\n`);
        const line = yield* stream.readLine();
        log.push([name, line?.length, loop.time()]);
        if (i % 2 === 0) yield* sleep(0.5); // real time: what is recorded is what the real clock did
      }
      yield* stream.close();
    }),
  );
  for (const client of clients) yield client;
  yield server.shutdown({ drain: 1_000 });
  return 'ended';
}

describe.each(colours)('in a $name main', (colour) => {
  test('replayRecording: a recorded run takes the same course, to the bytes and the times on the clock', async () => {
    const [first, again]: [unknown[], unknown[]] = [[], []];
    const { result, recording } = await record(colour.of(() => busy(first)));
    const stored = JSON.parse(JSON.stringify(recording)) as Recording;
    expect(result).toBe('ended');
    expect(await replayRecording(colour.of(() => busy(again)), stored)).toBe('ended');
    expect(again).toEqual(first);
    expect(again).toHaveLength(18);
  });

  test('replayRecording: a failure that was recorded comes again', async () => {
    const main = (seen: number[]) => colour.of(function* () {
      yield sleep(0.1); // real time: as above
      seen.push(getRunningLoop().time());
      throw new Error('it was late');
    });
    const [then, now]: [number[], number[]] = [[], []];
    const error = await rejectionOf(record(main(then)));
    expect(error.message).toBe('it was late');
    const recording = recordingOf(error) as Recording;
    expect((await rejectionOf(replayRecording(main(now), recording))).message).toBe('it was late');
    expect(now).toEqual(then);
    expect(recordingOf(new Error('another'))).toBeNull();
  });

  test('replayRecording: a program that asks for something else, or waits for more, has diverged', async () => {
    const { recording } = await record(colour.of(function* () {
      yield sleep(0.1); // real time: as above
    }));
    const asking = colour.of(function* () {
      getRunningLoop().time();
      yield sleep(0.1);
      getRunningLoop().time();
    });
    expect(await rejectionOf(replayRecording(asking, recording))).toMatchObject({ code: 'ERR_REPLAY_DIVERGED' });
    const waiting = colour.of(function* () {
      yield sleep(0.1);
      yield checkpoint();
      yield getRunningLoop().createFuture();
    });
    expect(await rejectionOf(replayRecording(waiting, recording))).toMatchObject({ code: 'ERR_REPLAY_DIVERGED' });
  });
});

test('record: the sizes of what came are always written down, the bytes unless they are not wanted', async () => {
  const lengths = (log: number[]) => function* () {
    const server = yield* startServer((stream) => stream.send('secret'), here);
    const stream = yield* openConnection({ host: here.host, port: server.address()!.port });
    const data = yield* stream.readAll();
    log.push(data.length, data.filter((byte) => byte !== 0).length);
    yield* stream.close();
    yield* server.shutdown({ drain: 0 });
  };
  const { recording } = await record(lengths([]), { payloads: false });
  expect(JSON.stringify(recording)).not.toContain(Buffer.from('secret').toString('base64'));
  const log: number[] = [];
  await replayRecording(lengths(log), recording);
  expect(log).toEqual([6, 0]);
});

function* exchange(log: unknown[]): Generator<any, void> {
  const near = yield openDatagram(here);
  const far = yield openDatagram(here);
  for (let i = 0; i < 5; i++) yield near.send(`secret ${'x'.repeat(i * 100)}`, far.localAddress);
  for (let i = 0; i < 5; i++) {
    const { data, port } = yield far.receive();
    log.push(data.length, port === near.localAddress.port, data.filter((byte: number) => byte !== 0).length);
  }
  yield near.close();
  yield far.close();
}

describe.each(colours)('in a $name main', (colour) => {
  test('replayRecording: datagrams come again, with their senders', async () => {
    const [first, again]: [unknown[], unknown[]] = [[], []];
    const { recording } = await record(colour.of(() => exchange(first)));
    await replayRecording(colour.of(() => exchange(again)), JSON.parse(JSON.stringify(recording)) as Recording);
    expect(again).toEqual(first);
    expect(first.slice(0, 3)).toEqual([7, true, 7]);
  });

  test('replayRecording: names that the system looks up are known again', async () => {
    const seen: unknown[] = [];
    const main = colour.of(function* () {
      seen.push((yield createTask(() => outcomeOf(getAddrInfo('nobody.invalid')))));
      seen.push((yield createTask(() => outcomeOf(getNameInfo('127.0.0.1', 0)))));
    });
    const { recording } = await record(main);
    await replayRecording(main, JSON.parse(JSON.stringify(recording)) as Recording);
    expect(seen[0]).toMatchObject(['failed', { syscall: 'getaddrinfo', hostname: 'nobody.invalid' }]);
    expect(seen[2]).toEqual(seen[0]);
    expect(seen[3]).toEqual(seen[1]);
  });
});

test('record: of datagrams the sizes and senders are kept where the bytes are not', async () => {
  const [first, again]: [unknown[], unknown[]] = [[], []];
  const main = (log: unknown[]) => asyncColour.of(() => exchange(log));
  const { recording } = await record(main(first), { payloads: false });
  await replayRecording(main(again), recording);
  const kept = recording.events.map(({ payload = '' }) => Buffer.from(payload, 'base64'));
  expect(Buffer.concat(kept).includes('secret')).toBe(false);
  expect(again).toEqual(first.map((value, i) => (i % 3 === 2 ? 0 : value)));
});

test('record: descriptors that travel along are refused', async () => {
  const error = await rejectionOf(record(() => openDatagram({ path: '\0readyloop-record', receiveDescriptors: true })));
  expect(error).toMatchObject({ code: 'ERR_UNSUPPORTED' });
});

test('record, replayRecording: what is no recording or option is refused', () => {
  expect(codeOf(() => replayRecording(function* () {}, {} as any))).toBe('ERR_INVALID_ARG_TYPE');
  expect(codeOf(() => replayRecording(5 as any, {} as any))).toBe('ERR_INVALID_ARG_TYPE');
  expect(codeOf(() => record(5 as any))).toBe('ERR_INVALID_ARG_TYPE');
  for (const options of [{ payloads: 1 }, { engine: null }, { paylods: true }]) {
    expect(codeOf(() => record(function* () {}, options as object))).toBe('ERR_INVALID_ARG_TYPE');
  }
});
