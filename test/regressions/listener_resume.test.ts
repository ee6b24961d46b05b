// A listener that had stopped for want of descriptors tried once to go on; where the kernel then had no memory for its
// interest (ENOMEM, or ENOSPC beyond max_user_watches) it stayed deaf. Found by a soak under faults.
import { constants } from 'node:os';
import { TransportEvent } from '../../lib/engine/abi';
import { Control } from '../../lib/engine/transports';
import { Listener } from '../../lib/net/listener';

const { EMFILE, ENOMEM } = constants.errno;

/** A listener on a kernel that answers `answers` to its resumes, with the delays that it asks for. */
function listenerOn(answers: number[]) {
  const delays: number[] = [];
  const due: (() => void)[] = [];
  const resumes: number[] = [];
  const loop = {
    callLater: (ms: number, callback: () => void) => {
      delays.push(ms);
      due.push(callback);
      return { cancel: () => void due.splice(due.indexOf(callback), 1) };
    },
    _release: () => undefined,
  };
  const control = (_slot: number, _word: number, what: Control): number => {
    if (what === Control.resume) resumes.push(answers[0] ?? 0);
    return what === Control.resume ? (answers.shift() ?? 0) : 0;
  };
  const sockets = { enter: () => 1, word: () => 0x16, loop, transports: { control, close: () => true } };
  const owner = { _acceptFailed: (): void => undefined, _connectionWaits: () => undefined };
  const listener: Listener = new Listener(sockets as never, owner);
  return { listener, owner, delays, resumes, pass: () => due.shift()?.() };
}

test('IO22: a listener that cannot go on yet tries again until it can', () => {
  const { listener, delays, resumes, pass } = listenerOn([-ENOMEM, -ENOMEM]);
  listener._deliver(TransportEvent.acceptFailed, EMFILE);
  for (let i = 0; i < 5; i++) pass();
  expect(resumes).toEqual([-ENOMEM, -ENOMEM, 0]);
  expect(delays).toEqual([10, 20, 40]);
});

test('IO22: a listener waits twice as long each time, at most a second, until it has accepted one', () => {
  const { listener, delays, pass } = listenerOn([]);
  for (let i = 0; i < 9; i++) {
    listener._deliver(TransportEvent.acceptFailed, EMFILE);
    pass();
  }
  expect(delays).toEqual([10, 20, 40, 80, 160, 320, 640, 1000, 1000]);
  listener._deliver(TransportEvent.accepted, 1);
  listener._deliver(TransportEvent.acceptFailed, EMFILE);
  expect(delays.at(-1)).toBe(10);
});

test('IO22: a listener that is closed while it waits tries no more', () => {
  const { listener, resumes, pass } = listenerOn([]);
  listener._deliver(TransportEvent.acceptFailed, EMFILE);
  listener.close();
  pass();
  expect(resumes).toEqual([]);
});

test('IO22: a listener that was paused and is resumed without memory tries again', () => {
  const { listener, resumes, pass } = listenerOn([-ENOMEM]);
  listener.pause();
  listener.resume();
  pass();
  expect(resumes).toEqual([-ENOMEM, 0]);
});

// It went on trying, on a transport that was gone, as long as the loop lived.
test('IO22: a listener that is closed by the report of its failure tries no more', () => {
  const { listener, owner, delays } = listenerOn([]);
  owner._acceptFailed = () => listener.close();
  listener._deliver(TransportEvent.acceptFailed, EMFILE);
  expect(delays).toEqual([]);
});
