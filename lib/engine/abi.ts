// The layout of the memory that TypeScript and C++ share. A contract test holds it against what the addon exports.
// One ArrayBuffer: a header of 16 words, then records of four words {slot, generation << 4 | kind, a, b}.

/** Words before the first record. */
export const enum Header {
  /** Count of records consumed; wraps at 2^32. TypeScript writes it. */
  head = 0,
  /** Count of records appended; wraps. Written by whichever side is running. */
  tail = 1,
  /** Records the ring can hold, a power of two. */
  capacity = 2,
  /** Records waiting in TypeScript's overflow FIFO. While it is not zero, C++ appends to its own. */
  jsOverflow = 3,
  /** Records waiting in C++'s overflow FIFO. */
  nativeOverflow = 4,
  /** Timers armed in the native heap. */
  timers = 5,
  /** Directions of descriptors being watched. */
  watches = 6,
  /** Turns so far; wraps. */
  turns = 7,
  /** Transports that may append a record. (Words 8 to 11 are the two float64s.) */
  transports = 12,
  /** Words of the whole header. */
  words = 16,
}

/** Index of a header field among the buffer's float64 values. */
export const enum HeaderFloat {
  /** Deadline of the timer armed last, in ms. */
  deadline = 4,
  /** The clock at the end of the last select, in ms. */
  selectedAt = 5,
}

/** Words of one record. */
export const RECORD_WORDS = 4;

/** Low bits of a record's second word that hold its kind; the rest is the generation of its sink. */
export const KIND_BITS = 4;

/** What a record asks of its sink. */
export const enum Kind {
  step = 1,
  handle = 2,
  reaction = 3,
  timer = 4,
  ready = 5,
  transport = 6,
  mask = 15,
}

/** Readiness as the selector reports it, in a record's `a`. */
export const enum ReadyBits {
  readable = 1,
  writable = 2,
  hangup = 4,
  error = 8,
}

/**
 * What a transport's record says in `a` when it is negative. Zero or more is an offset in the slab, of `b` bytes.
 *
 * A stream's bytes come first, then `end` or `failed`, once; `sendFailed` may come before or after.
 */
export const enum TransportEvent {
  /** The peer has ended its side. */
  end = -1,
  /** Nothing more can be received; `b` is the errno. */
  failed = -2,
  /** What waited to be sent is dropped, and of a stream nothing more can be sent; `b` is the errno. */
  sendFailed = -3,
  /** The kernel did not take everything; `b` bytes wait. */
  backlog = -4,
  /** No more than the low mark waits; `b` bytes do. */
  drained = -5,
  /** The connection stands, and reading has begun. */
  connected = -6,
  /** Something can be received, by a stream that announces. */
  readable = -7,
  /** A connection waits to be taken. */
  accepted = -8,
  /** Accepting has stopped until it is resumed; `b` is the errno. */
  acceptFailed = -9,
  /** What waited was sent, and the descriptor is closed. */
  closed = -10,
  /** The kernel says so of a datagram that was sent earlier, and work goes on; `b` is the errno. */
  datagramError = -11,
  /** The kernel has no memory for what is sent; `retrySending` tries again. b: errno. */
  starved = -12,
}

/** The outbox: a header of words (records, bytes, flushes), then its records {slot, word, offset, length}, then bytes. */
export const enum OutboxLayout {
  records = 0,
  bytes = 1,
  flushes = 2,
  headerWords = 4,
  capacity = 1024,
  recordWords = 4,
}

/** A datagram in the slab or the outbox: size, flags | number << 8, packed address, then the payload; whole words all. */
export const enum FrameLayout {
  /** Words before the address. */
  words = 2,
  /** It was longer than there was room for. */
  truncated = 1,
  /** Descriptors came with it that could not be received. */
  descriptorsLost = 2,
  /** No datagram: one to this address could not be sent, and the number is the errno. */
  failed = 4,
}

/** What `drain` returns to its driver. */
export const enum Drained {
  /** The turn is over. */
  done = 0,
  /** Microtasks must run; then `drain` is to be called again for the rest of the same turn. */
  reenter = 1,
}

/** The same facts by the addon's names, for the test that compares both sides. */
export const ABI: Readonly<Record<string, number>> = {
  headerWords: Header.words,
  recordWords: RECORD_WORDS,
  headIndex: Header.head,
  tailIndex: Header.tail,
  capacityIndex: Header.capacity,
  jsOverflowIndex: Header.jsOverflow,
  nativeOverflowIndex: Header.nativeOverflow,
  timersIndex: Header.timers,
  watchesIndex: Header.watches,
  turnsIndex: Header.turns,
  transportsIndex: Header.transports,
  deadlineFloatIndex: HeaderFloat.deadline,
  selectedAtFloatIndex: HeaderFloat.selectedAt,
  kindBits: KIND_BITS,
  kindStep: Kind.step,
  kindHandle: Kind.handle,
  kindReaction: Kind.reaction,
  kindTimer: Kind.timer,
  kindReady: Kind.ready,
  kindTransport: Kind.transport,
  readable: ReadyBits.readable,
  writable: ReadyBits.writable,
  hangup: ReadyBits.hangup,
  error: ReadyBits.error,
  eventEnd: TransportEvent.end,
  eventFailed: TransportEvent.failed,
  eventSendFailed: TransportEvent.sendFailed,
  eventBacklog: TransportEvent.backlog,
  eventDrained: TransportEvent.drained,
  eventConnected: TransportEvent.connected,
  eventReadable: TransportEvent.readable,
  eventAccepted: TransportEvent.accepted,
  eventAcceptFailed: TransportEvent.acceptFailed,
  eventClosed: TransportEvent.closed,
  eventDatagramError: TransportEvent.datagramError,
  eventStarved: TransportEvent.starved,
  frameTruncated: FrameLayout.truncated,
  frameDescriptorsLost: FrameLayout.descriptorsLost,
  frameFailed: FrameLayout.failed,
  frameWords: FrameLayout.words,
  outboxRecordsIndex: OutboxLayout.records,
  outboxBytesIndex: OutboxLayout.bytes,
  outboxFlushesIndex: OutboxLayout.flushes,
  outboxHeaderWords: OutboxLayout.headerWords,
  outboxCapacity: OutboxLayout.capacity,
  outboxRecordWords: OutboxLayout.recordWords,
  drainDone: Drained.done,
  drainReenter: Drained.reenter,
};
