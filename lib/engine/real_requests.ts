// What Node has under way in the real world that ends by itself: requests to the system, and jobs of its threads. A virtual
// clock must not overtake it. Open sockets, servers, workers and Node's timers are no such thing: nobody can tell whether
// they are idle. Nor is a write, which a peer may keep waiting for as long as it likes.

import { loadBinding } from './binding.js';
import { workingDrivers } from './drivers.js';

const PENDING_WRITES = new Set(['WriteWrap', 'ShutdownWrap']);
// Where the addon is not there, or does not know: the requests that Node lists, which are not all.
const LISTED_REQUESTS = /Req(uest|Wrap|Callback|Promise)?$|ConnectWrap$|SendWrap$/;

let countAll: (() => number) | null = null;

function hostRequests(): number {
  if (countAll === null) {
    countAll = () => -1;
    try {
      const { drivers, hostRequests: count } = loadBinding();
      // Another host's loop counts nothing of the kind.
      if (workingDrivers(drivers).includes('uv')) countAll = count;
    } catch {
      // A simulated engine works without the addon.
    }
  }
  return countAll();
}

/** Returns: how many requests and jobs are under way on this thread. */
export function countRealRequests(): number {
  const all = hostRequests();
  if (all === 0) return 0;
  const kinds = process.getActiveResourcesInfo();
  if (all === -1) return kinds.filter((kind) => LISTED_REQUESTS.test(kind)).length;
  return Math.max(0, all - kinds.filter((kind) => PENDING_WRITES.has(kind)).length);
}

/** Requests beyond those that were there at the beginning, which are somebody else's. */
export class RealRequests {
  #before = countRealRequests();

  get areUnderWay(): boolean {
    const now = countRealRequests();
    // What was somebody else's and has ended must not hide what has begun since.
    this.#before = Math.min(this.#before, now);
    return now > this.#before;
  }
}
