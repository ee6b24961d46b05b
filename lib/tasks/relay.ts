// How a combinator is told that something it waits for is done. Combinators nest, and the completion of an inner one
// completes the outer one: this would cost stack for each level, so what is told while another one is being told waits
// until that one returns. The first to be told runs at once, so all is done when the call that completed a future returns.

import type { Future } from '../kernel/future.js';

/** A combinator; it counts, and may complete itself. */
export interface Listener {
  _told(source: Future<unknown>): void;
}

let isTelling = false;
const toTell: (Listener | Future<unknown>)[] = [];

/** Calls `listener._told(source)`, now or when the call that is being made has returned. */
export function tell(listener: Listener, source: Future<unknown>): void {
  toTell.push(listener, source);
  if (isTelling) return;
  isTelling = true;
  try {
    for (let i = 0; i < toTell.length; i += 2) (toTell[i] as Listener)._told(toTell[i + 1] as Future<unknown>);
  } finally {
    isTelling = false;
    toTell.length = 0;
  }
}
