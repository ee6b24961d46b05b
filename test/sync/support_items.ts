// Tasks of one put or one get, for the tests of queues.
import { createTask, type Queue, type Task } from '../../lib/index';
import type { Colour } from '../tasks/support';

/** A task that gets one item. */
export function getterOf<T>(colour: Colour, queue: Queue<T>): Task<T> {
  return createTask(colour.of(function* () {
    return (yield queue.get()) as T;
  }));
}

/** A task that puts one item. */
export function putterOf<T>(colour: Colour, queue: Queue<T>, item: T): Task<string> {
  return createTask(colour.of(function* () {
    yield queue.put(item);
    return `put ${String(item)}`;
  }));
}
