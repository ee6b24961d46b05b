// What a new task takes over: who creates it, and the context it starts with.

import { findAsyncTask } from './async_bridge.js';
import { captureContext, type Context } from './context.js';
import { current } from './current.js';
import type { Root } from './root.js';
import type { Task } from './task.js';

/** The task whose step or async function creates another one, or null. */
export function creatingTask(): Task<unknown> | null {
  return (current.task ?? (current.loop === null ? findAsyncTask() : null)) as Task<unknown> | null;
}

/** A copy of the current context, with the stores of the run that owns the new task. */
export function captureTaskContext(owner: Root): Context | null {
  const context = captureContext();
  if (owner._sharedResource === undefined) return context;
  if (context !== null) context._resource = owner._sharedResource;
  return context;
}
