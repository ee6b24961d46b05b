// Every clock of Node's and of the language on a simulation's time, for code inside of one.

import { builtin, type Patches } from './patches.js';

/** What clocks show inside a simulation. */
export interface ClockWorld {
  /** Virtual milliseconds since its beginning. */
  readonly elapsedMs: number;
  /** What the calendar shows, in ms since 1970. */
  readonly dateMs: number;
}

type Find = () => ClockWorld | null;
type Fn = (this: unknown, ...args: unknown[]) => unknown;

/** Replaces Date, performance, process.hrtime, and the places where a date that is left out means now. */
export function replaceClocks(patches: Patches, find: Find): void {
  replaceDate(patches, find);
  replacePerformance(patches, find);
  replaceUptimes(patches, find);
  replaceFormat(patches, find);
  replaceTemporal(patches, find);
}

function replaceDate(patches: Patches, find: Find): void {
  patches.replace(globalThis, 'Date', (real) => {
    const RealDate = real as unknown as DateConstructor;
    const now = (): number => find()?.dateMs ?? RealDate.now();
    return new Proxy(RealDate, {
      construct(target, args: unknown[], newTarget) {
        const inside = args.length === 0 ? find() : null;
        return Reflect.construct(target, inside === null ? args : [inside.dateMs], newTarget) as object;
      },
      apply(target) {
        const inside = find();
        return inside === null ? target() : new target(inside.dateMs).toString();
      },
      get(target, name, receiver) {
        return name === 'now' ? now : (Reflect.get(target, name, receiver) as unknown);
      },
    });
  });
}

function replacePerformance(patches: Patches, find: Find): void {
  const { performance } = globalThis;
  patches.replace(performance, 'now', (real) => () => find()?.elapsedMs ?? real.call(performance));
  patches.replaceGetter(Object.getPrototypeOf(performance) as object, 'timeOrigin', (real) => function (this: unknown) {
    const inside = find();
    return inside === null ? real.call(this) : inside.dateMs - Math.floor(inside.elapsedMs);
  });
  patches.replace(performance, 'mark', (real) => (name: unknown, options: object = {}) => {
    const inside = find();
    return real.call(performance, name, inside === null ? options : { startTime: inside.elapsedMs, ...options });
  });
  patches.replace(performance, 'measure', (real) => (name: unknown, from?: unknown, to?: unknown) => {
    const inside = find();
    if (inside === null) return real.call(performance, name, from, to);
    const parts = typeof from === 'object' && from !== null ? from : { start: from ?? 0, end: to };
    const { end, duration } = parts as { readonly end?: unknown; readonly duration?: unknown };
    const isOpen = end === undefined && duration === undefined;
    return real.call(performance, name, isOpen ? { ...parts, end: inside.elapsedMs } : parts);
  });
}

function replaceUptimes(patches: Patches, find: Find): void {
  for (const [target, name] of [[process, 'uptime'], [builtin('os'), 'uptime']] as const) {
    patches.replace(target, name, (real) => () => {
      const inside = find();
      return inside === null ? real.call(target) : inside.elapsedMs / 1000;
    });
  }
  patches.replace(process, 'hrtime', (real) => {
    const bigint = (real as unknown as { readonly bigint: (this: unknown) => bigint }).bigint;
    const hrtime = (before?: [number, number]): unknown => {
      const inside = find();
      return inside === null ? real.call(process, before) : spanSince(inside.elapsedMs, before);
    };
    return Object.assign(hrtime, {
      bigint: () => {
        const inside = find();
        return inside === null ? bigint.call(process) : BigInt(Math.round(inside.elapsedMs * 1e6));
      },
    });
  });
}

function spanSince(elapsedMs: number, [seconds, nanos]: [number, number] = [0, 0]): [number, number] {
  const total = Math.round(elapsedMs * 1e6) - seconds * 1e9 - nanos;
  return [Math.floor(total / 1e9), total - Math.floor(total / 1e9) * 1e9];
}

// `format()` of no date is of the present one.
function replaceFormat(patches: Patches, find: Find): void {
  const { prototype } = Intl.DateTimeFormat;
  patches.replaceGetter(prototype, 'format', (real) => function (this: unknown) {
    const format = real.call(this) as Fn;
    return (date?: unknown) => format(date ?? find()?.dateMs);
  });
  patches.replace(prototype, 'formatToParts', (real) => function (this: unknown, date?: unknown) {
    return real.call(this, date ?? find()?.dateMs);
  });
}

interface Instant {
  toZonedDateTimeISO(timeZone: unknown): { toPlainDateTime(): unknown; toPlainDate(): unknown; toPlainTime(): unknown };
}

interface TemporalLike {
  readonly Now: { timeZoneId(): string };
  readonly Instant: { fromEpochMilliseconds(ms: number): Instant };
}

function replaceTemporal(patches: Patches, find: Find): void {
  const temporal = (globalThis as { readonly Temporal?: TemporalLike }).Temporal;
  if (temporal === undefined) return;
  const clock = temporal.Now;
  const virtual = (name: string, make: (instant: Instant, timeZone: unknown) => unknown): void => {
    patches.replace(clock, name, (real) => (timeZone?: unknown) => {
      const inside = find();
      if (inside === null) return real.call(clock, ...(timeZone === undefined ? [] : [timeZone]));
      return make(temporal.Instant.fromEpochMilliseconds(inside.dateMs), timeZone ?? clock.timeZoneId());
    });
  };
  virtual('instant', (instant) => instant);
  virtual('zonedDateTimeISO', (instant, timeZone) => instant.toZonedDateTimeISO(timeZone));
  virtual('plainDateTimeISO', (instant, timeZone) => instant.toZonedDateTimeISO(timeZone).toPlainDateTime());
  virtual('plainDateISO', (instant, timeZone) => instant.toZonedDateTimeISO(timeZone).toPlainDate());
  virtual('plainTimeISO', (instant, timeZone) => instant.toZonedDateTimeISO(timeZone).toPlainTime());
}
