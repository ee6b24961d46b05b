// What the load generator for datagrams is asked for, and what ours must not exceed of node:dgram. With one datagram at a
// time the floor itself costs nearly what node:dgram does: the system's wake-ups are all there is.

/** Arguments of the load: sockets, bytes, in flight on each. */
export const CASES = {
  udp64: { what: 'UDP, 64 B, 50 sockets, 4 in flight', load: ['50', '64', '4'], must: 0.6 },
  udp64x1: { what: 'UDP, 64 B, one at a time', load: ['1', '64', '1'] },
  udp1k: { what: 'UDP, 1 KiB, 50 sockets, 4 in flight', load: ['50', '1024', '4'], must: 0.6 },
};
