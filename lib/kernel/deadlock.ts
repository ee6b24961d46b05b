// Who waits for whom, once nothing can happen any more. It is worked out from what stands in the futures anyway, so a
// program that runs pays nothing for it.
// A part of a task's code that runs in a task of its own counts as the task's. Cost: a look at every unfinished task.

import { DeadlockError, type DeadlockWait } from '../base/errors.js';
import { ReactionSet } from './async_bridge.js';
import { BUDGET, CHECKPOINT } from './current.js';
import { Future } from './future.js';
import type { LoopCore } from './loop_core.js';
import { Task } from './task.js';

const MOST_NAMES = 5;

interface Wait {
  readonly what: string;
  readonly by: readonly Task<unknown>[];
}

type Waits = Map<Task<unknown>, Wait[]>;

/** Returns: the error for a loop on which nothing can happen any more, with what each of its tasks waits for. */
export function deadlockError(loop: LoopCore, fact: string): DeadlockError {
  const tasks = loop._sinks.filter((sink): sink is Task<unknown> => sink instanceof Task);
  void tasks.sort((a, b) => a._id - b._id);
  const waits = waitsOf(tasks);
  const path = findCycle(waits) ?? chainFrom(waits);
  const all = [...waits].flatMap(([task, list]) => list.map((wait) => linkOf(task, wait)));
  return new DeadlockError(fact, path, all);
}

function waitsOf(tasks: readonly Task<unknown>[]): Waits {
  const waits: Waits = new Map();
  const tellers = tellersOf(tasks);
  for (const task of tasks) {
    const node = task._nominal;
    const own = waits.get(node) ?? [];
    waits.set(node, own);
    for (const future of awaitedBy(task)) {
      // Its own code in a task of its own: that one's waits are this one's.
      if (future instanceof Task && future._nominal === node && future !== node) continue;
      own.push(waitFor(future, tellers));
    }
  }
  for (const [task, own] of waits) if (own.length === 0 && !task.done()) own.push({ what: 'a promise', by: [] });
  return waits;
}

function awaitedBy(task: Task<unknown>): Future<unknown>[] {
  const waiting = task._waiting;
  if (waiting === null || waiting === CHECKPOINT || waiting === BUDGET) return [];
  if (waiting instanceof ReactionSet) return waiting.sources as Future<unknown>[];
  return [waiting as Future<unknown>];
}

function waitFor(future: Future<unknown>, tellers: ReadonlyMap<object, Set<Task<unknown>>>): Wait {
  if (future instanceof Task) return { what: 'task', by: [future._nominal] };
  const { what, by } = future._waitsFor();
  const told = new Set((by as readonly Task<unknown>[]).map((task) => task._nominal));
  for (const listener of [future, future._ears]) {
    if (listener !== null) for (const task of tellers.get(listener) ?? []) told.add(task._nominal);
  }
  return { what, by: [...told] };
}

// For everything that is told when a task ends, directly or through other futures, the tasks that will tell it.
function tellersOf(tasks: readonly Task<unknown>[]): Map<object, Set<Task<unknown>>> {
  const tellers = new Map<object, Set<Task<unknown>>>();
  for (const task of tasks) {
    const stack = listenersOf(task);
    const seen = new Set<object>();
    for (let listener = stack.pop(); listener !== undefined; listener = stack.pop()) {
      if (listener instanceof Task || seen.has(listener)) continue;
      seen.add(listener);
      const known = tellers.get(listener) ?? new Set();
      tellers.set(listener, known.add(task));
      if (listener instanceof Future && !listener.done()) stack.push(...listenersOf(listener as Future<unknown>));
    }
  }
  return tellers;
}

function listenersOf(future: Future<unknown>): object[] {
  const waiters = future._waiters as object | object[] | null;
  if (waiters === null) return [];
  return Array.isArray(waiters) ? [...(waiters as object[])] : [waiters];
}

// Depth first, with a list instead of the stack. Returns: the tasks of a circle with their waits in it, or null.
function findCycle(waits: Waits): DeadlockWait[] | null {
  const finished = new Set<Task<unknown>>();
  for (const start of waits.keys()) {
    const path: { task: Task<unknown>; edges: Edge[] }[] = [];
    const onPath = new Map<Task<unknown>, number>();
    const enter = (task: Task<unknown>): void => {
      onPath.set(task, path.length);
      path.push({ task, edges: edgesOf(waits, task) });
    };
    if (!finished.has(start)) enter(start);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const edge = top.edges[0];
      if (edge === undefined) {
        finished.add(top.task);
        onPath.delete(top.task);
        path.pop();
        top = path.at(-1);
        top?.edges.shift();
        continue;
      }
      const at = onPath.get(edge.to);
      if (at !== undefined) return path.slice(at).map(inCycle);
      if (finished.has(edge.to)) top.edges.shift();
      else enter(edge.to);
    }
  }
  return null;
}

// Of those who could end the wait, the one in the circle.
function inCycle({ task, edges }: { readonly task: Task<unknown>; readonly edges: readonly Edge[] }): DeadlockWait {
  const { wait, to } = edges[0]!;
  return linkOf(task, { what: wait.what, by: [to] });
}

interface Edge {
  readonly wait: Wait;
  readonly to: Task<unknown>;
}

function edgesOf(waits: Waits, task: Task<unknown>): Edge[] {
  return (waits.get(task) ?? []).flatMap((wait) => wait.by.map((to) => ({ wait, to })));
}

// From the oldest task, which is main, down to the wait that nobody can end.
function chainFrom(waits: Waits): DeadlockWait[] {
  const chain: DeadlockWait[] = [];
  let [task] = waits.keys();
  while (task !== undefined) {
    const wait: Wait | undefined = waits.get(task)?.[0];
    if (wait === undefined) break;
    chain.push(linkOf(task, wait));
    task = wait.by[0];
  }
  return chain;
}

function linkOf(task: Task<unknown>, { what, by }: Wait): DeadlockWait {
  const names = by.slice(0, MOST_NAMES).map((each) => each.name);
  if (by.length > MOST_NAMES) names.push(`${by.length - MOST_NAMES} more`);
  return { task: task.name, waitsFor: what, heldBy: names };
}
