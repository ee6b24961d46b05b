// Where failures without a caller go: the user's handler, else standard error. A handler that throws is itself
// reported, once, together with what it was called for; there is no way from here into a loop.

import { inspect } from 'node:util';
import { isError } from '../base/values.js';
import { creationSite } from './creation_site.js';
import type { ExceptionContext } from './loop_core.js';

/** Receives failures that have no caller to go to. */
export type ExceptionHandler = (context: ExceptionContext) => void;

/** Prints a failure to standard error: the message, the error with its stack, and the other facts by name. */
export function defaultExceptionHandler(context: ExceptionContext): void {
  const { message, exception, loop: _loop, ...facts } = context;
  const lines = [`readyloop: ${message}`, formatError(exception)];
  for (const key of Object.keys(facts).sort()) {
    lines.push(`  ${key}: ${formatFact(facts[key])}`);
    const site = creationSite(facts[key]);
    if (site !== null) lines.push('  created at:', site);
  }
  console.error(lines.join('\n'));
}

/** Calls `handler`; what it throws is reported by the default one, along with the original context. */
export function report(handler: ExceptionHandler | null, context: ExceptionContext): void {
  if (handler === null) {
    reportByDefault(context);
    return;
  }
  try {
    handler(context);
  } catch (exception) {
    const original = { while: context.message, original: context.exception };
    reportByDefault({ ...context, message: 'the exception handler threw', exception, ...original });
  }
}

function reportByDefault(context: ExceptionContext): void {
  try {
    defaultExceptionHandler(context);
  } catch {
    // Last resort: formatting itself failed (a getter of the user's error threw), so only the message is safe to print.
    console.error(`readyloop: ${context.message} (and the failure could not be printed)`);
  }
}

function formatError(exception: unknown): string {
  return isError(exception) ? (exception.stack ?? exception.message) : String(exception);
}

function formatFact(fact: unknown): string {
  if (isError(fact)) return formatError(fact);
  if (typeof fact !== 'object' || fact === null) return String(fact);
  const { name } = fact as { name?: unknown };
  if (typeof name === 'string') return `${fact.constructor.name} ${name}`;
  return inspect.custom in fact ? inspect(fact) : fact.constructor.name;
}
