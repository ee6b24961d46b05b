// Protocols: how writing is slowed down, and reading paused.
import { TransportEvent } from '../../lib/engine/abi';
import { StreamBuffer } from '../../lib/net/stream_buffer';
import { withCode } from '../helpers/failures';
import { run } from './engines';
import { pattern, turn, until } from './support';
import { over, Witness, witnessed } from './witness';

test('IO16, IO17: writing pauses once above the high mark and resumes once at the low one', () => run(function* () {
  const { server, stream, witness } = yield* witnessed();
  const { transport } = witness;
  for (let i = 0; i < 3; i++) {
    witness.log.length = 0;
    let written = 0;
    while (!witness.log.includes('pause')) {
      transport.write(pattern(40_000));
      written += 40_000;
    }
    transport.write(pattern(40_000));
    // The kernel may have taken some of it meanwhile.
    expect(transport.pendingBytes).toBeGreaterThan(0);
    yield* stream.readExactly(written + 40_000);
    yield* until(() => witness.log.includes('resume'));
    expect(transport.pendingBytes).toBe(0);
    yield* turn();
    expect(witness.log).toEqual(['pause', 'resume']);
  }
  expect(() => transport.setWriteLimits({ high: 1, low: 2 })).toThrow(withCode('ERR_OUT_OF_RANGE'));
  yield* over(server, stream);
}));

test('IO18: many small writes pause as one large one would', () => run(function* () {
  const { server, stream, witness } = yield* witnessed();
  let written = 0;
  while (!witness.log.includes('pause') && written < 100_000_000) {
    witness.transport.write(pattern(1000));
    written += 1000;
  }
  expect(witness.log).toEqual(['made', 'pause']);
  expect(witness.transport.pendingBytes).toBeLessThan(128 * 1024);
  yield* stream.readExactly(written);
  yield* over(server, stream);
}));

test('IO16: with a high mark of 0, whatever waits pauses', () => run(function* () {
  const { server, stream, witness } = yield* witnessed();
  const { transport } = witness;
  transport.setWriteLimits({ high: 0 });
  transport.write('fits into the kernel');
  expect(witness.log).toEqual(['made']);
  while (transport.pendingBytes === 0) transport.write(pattern(8000));
  expect(witness.log).toEqual(['made', 'pause']);
  yield* over(server, stream);
}));

test('IO17: lower marks pause at once', () => run(function* () {
  const { server, stream, witness } = yield* witnessed();
  const { transport } = witness;
  transport.setWriteLimits({ high: 2 ** 30 });
  while (transport.pendingBytes === 0) transport.write(pattern(8000));
  expect(witness.log).toEqual(['made']);
  transport.setWriteLimits({ high: 0 });
  expect(witness.log).toEqual(['made', 'pause']);
  yield* over(server, stream);
}));

test('IO14, IO20: what a protocol is told can be written on as it is, also where it has to wait', () => run(function* () {
  const { server, stream, witness } = yield* witnessed();
  witness.dataReceived = (data) => witness.transport.write(data);
  const sent = pattern(12_000_000);
  stream.write(sent);
  yield* until(() => witness.log.includes('pause') && witness.transport.pendingBytes > 1_000_000);
  expect((yield* stream.readExactly(sent.length)).equals(sent)).toBe(true);
  yield* over(server, stream);
}));

test('IO19: nothing is told while reading is paused, and nothing is lost', () => run(function* () {
  const witness = new Witness();
  let pauses = 0;
  witness.dataReceived = function (data) {
    this.chunks.push(Buffer.from(data));
    if (++pauses <= 3) this.transport.pauseReading();
  };
  const { server, stream } = yield* witnessed(witness);
  const { transport } = witness;
  const sent = pattern(2_000_000);
  stream.write(sent);
  yield* stream.sendEof();
  for (let paused = 1; paused <= 3; paused++) {
    yield* until(() => witness.chunks.length === paused);
    transport.pauseReading();
    for (let i = 0; i < 5; i++) yield* turn();
    expect([witness.chunks.length, transport.reading]).toEqual([paused, false]);
    transport.resumeReading();
    transport.resumeReading();
  }
  yield* until(() => witness.isLost);
  expect(Buffer.concat(witness.chunks).equals(sent)).toBe(true);
  expect(witness.log).toEqual(['made', 'eof', 'lost']);
  yield* over(server, stream);
}));

test('IO19: a protocol that pauses in connectionMade is told nothing until it resumes', () => run(function* () {
  const witness = new Witness();
  witness.connectionMade = function (transport) {
    this.transport = transport;
    this.log.push('made');
    transport.pauseReading();
  };
  const { server, stream } = yield* witnessed(witness);
  yield* stream.send('patience');
  yield* stream.close();
  for (let i = 0; i < 10; i++) yield* turn();
  expect(witness.log).toEqual(['made']);
  witness.transport.resumeReading();
  yield* until(() => witness.isLost);
  expect(witness.log).toEqual(['made', 'data', 'eof', 'lost']);
  yield* over(server);
}));

test('IO19: an end that was under way when reading was paused is told behind what is kept', () => run(function* () {
  const { server, stream, witness } = yield* witnessed();
  const { transport } = witness;
  transport.pauseReading();
  transport._unread = new StreamBuffer();
  transport._unread.append(Buffer.from('kept'), 0, 4);
  transport._deliver(TransportEvent.end, 0);
  yield* turn();
  expect([witness.log, witness.received]).toEqual([['made'], '']);
  transport.resumeReading();
  yield* until(() => witness.isLost);
  expect([witness.log, witness.received]).toEqual([['made', 'data', 'eof', 'lost'], 'kept']);
  yield* over(server, stream);
}));
