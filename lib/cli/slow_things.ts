// What would be slow on this machine, or end early for want of descriptors, and what helps. A line here needs a reason
// that can be named; a healthy machine has none.

import type { Facts, SlowThing } from './facts.js';

/** A server of this many connections is nothing unusual. */
const FEW_FILES = 4096;

const CHECKS: readonly ((facts: Facts) => SlowThing | null)[] = [
  ({ selector, selectors }) =>
    selector !== 'poll' || selectors.length < 2 ? null : {
      what: 'the selector is poll(2)',
      why: 'each turn then takes time for every watched descriptor, and hosted runs need a thread',
      remedy: 'unset READYLOOP_SELECTOR',
    },
  ({ kernelFeatures }) =>
    kernelFeatures['epoll_pwait2'] !== false ? null : {
      what: 'epoll_pwait2 is missing',
      why: 'runBlocking and loops of your own wait in whole milliseconds, rounded up',
      remedy: 'Linux 5.11 or later, and a container runtime whose seccomp filter lets the call through',
    },
  ({ kernelFeatures }) =>
    kernelFeatures['UDP_SEGMENT'] !== false ? null : {
      what: 'UDP_SEGMENT is missing',
      why: 'rows of datagrams to one peer leave one by one instead of as one message',
      remedy: 'Linux 4.18 or later',
    },
  ({ driver }) =>
    driver !== 'poller' ? null : {
      what: 'hosted runs are driven by a poller thread',
      why: 'each wake-up crosses from one thread to another',
      remedy: 'Node without READYLOOP_DRIVER=poller, where libuv does it; or runBlocking, which needs neither',
    },
  ({ openFiles }) =>
    openFiles === null || openFiles.soft === null || openFiles.soft >= FEW_FILES ? null : {
      what: `at most ${openFiles.soft} files can be open`,
      why: 'each connection is one; a server that has none left refuses clients until others go',
      remedy: `ulimit -n ${FEW_FILES} or more before the program starts (LimitNOFILE in systemd)`,
    },
  ({ debug }) =>
    !debug ? null : {
      what: 'debug mode is on for all loops',
      why: 'each task and future notes where it was created',
      remedy: 'unset READYLOOP_DEBUG',
    },
  ({ binary }) =>
    binary === null || !/[\\/]build[\\/]Debug[\\/]/.test(binary.path) ? null : {
      what: 'the binary is a debug build',
      why: 'it is not optimised',
      remedy: 'delete build/Debug, and run npx readyloop build',
    },
];

/** Returns: what would be slow, given everything else that was found out. */
export function slowThings(facts: Facts): SlowThing[] {
  return CHECKS.map((check) => check(facts)).filter((thing) => thing !== null);
}
