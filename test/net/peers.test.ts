// Senders of datagrams: who is told apart, and in which order sends go that found no room.
import { constants } from 'node:os';
import { openDatagram } from '../../lib';
import { TransportEvent } from '../../lib/engine/abi';
import type { Datagrams } from '../../lib/engine/datagrams';
import { PeerBook } from '../../lib/net/peers';
import { runBlocking } from './engines';

test('IO23: senders that share a place of the book are told apart', () => {
  const describeAddress = (packed: Uint8Array) => `IPv4 ${new Int32Array(packed.buffer)[1]} 192.0.2.1`;
  const book = new PeerBook({ describeAddress } as unknown as Datagrams, false);
  // More than there are places.
  for (let port = 1; port <= 3000; port++) {
    const words = new Int32Array([0, 7, port]);
    expect(book.sender(words, 1, 2).port).toBe(port);
    expect(book.sender(words, 1, 2)).toBe(book.sender(words, 1, 2));
  }
});

test('IO23: a send stays behind one that waits for room, though there may be some by then', () => runBlocking(function* () {
  const far = yield* openDatagram({ host: '127.0.0.1', port: 0 });
  const near = yield* openDatagram({ remote: far.localAddress! });
  const send = jest.spyOn(near._datagrams, 'sendDatagram').mockReturnValueOnce(-constants.errno.EAGAIN);
  const sends = [near.send('one'), near.send('two')] as const;
  send.mockRestore();
  expect(sends.map((each) => each.done())).toEqual([false, false]);
  near._deliver(TransportEvent.drained, 0);
  for (const expected of ['one', 'two']) expect(String((yield* far.receive()).data)).toBe(expected);
  for (const each of sends) yield* each;
  yield* near.close();
  yield* far.close();
}));
