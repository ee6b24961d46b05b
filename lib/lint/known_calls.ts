// What the library's functions give, for files that are checked without types. A contract test holds this table against
// the declarations, so a function that is missing here, or gives something else, is found.

/** What an expression gives, as far as awaiting it goes. */
export type Kind =
  /** A generator object of a coroutine: nothing of it has run. */
  | 'coroutine'
  /** Something lazy of the library: nothing has happened. */
  | 'operation'
  /** A wait that has begun. */
  | 'future'
  /** Runs by itself. */
  | 'task'
  /** A promise, or another thenable that is not the library's. */
  | 'promise';

export const KNOWN_CALLS: Readonly<Record<string, Kind>> = {
  all: 'operation',
  any: 'operation',
  assertCheckpoints: 'operation',
  assertNoCheckpoints: 'operation',
  cancelShieldedCheckpoint: 'operation',
  checkpoint: 'operation',
  checkpointIfCancelled: 'operation',
  createConnection: 'future',
  createServer: 'future',
  createTask: 'task',
  currentTask: 'task',
  eagerTaskFactory: 'task',
  ensureFuture: 'future',
  explore: 'promise',
  failAfter: 'operation',
  failAt: 'operation',
  gather: 'future',
  getAddrInfo: 'future',
  getNameInfo: 'future',
  mapConcurrent: 'operation',
  moveOnAfter: 'operation',
  moveOnAt: 'operation',
  onHost: 'operation',
  openConnection: 'future',
  openDatagram: 'future',
  openPackets: 'future',
  race: 'operation',
  record: 'promise',
  replay: 'promise',
  replayRecording: 'promise',
  run: 'promise',
  sdNotify: 'future',
  shield: 'future',
  shielded: 'operation',
  simulate: 'promise',
  sleep: 'future',
  sleepForever: 'future',
  sleepUntil: 'future',
  staggeredRace: 'operation',
  startPacketServer: 'future',
  startServer: 'future',
  startTls: 'future',
  timeout: 'operation',
  timeoutAt: 'operation',
  until: 'future',
  untilSignal: 'future',
  use: 'operation',
  wait: 'future',
  waitAllTasksBlocked: 'future',
  waitFor: 'operation',
  waitReadable: 'future',
  waitWritable: 'future',
  withTaskGroup: 'operation',
};

/** Methods that take a coroutine, on loops, groups, runners and scopes, whatever the object is called. */
export const COROUTINE_METHODS: ReadonlySet<string> = new Set(['createTask', 'run', 'runUntilComplete', 'start']);

/** Kinds that have to be awaited or handed over: dropping one is a mistake, and `yield` of one as well. */
export function isOurs(kind: Kind | null): boolean {
  return kind !== null && kind !== 'promise';
}
