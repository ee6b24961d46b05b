// The end of a task inside of scopes that it has entered and not left: a coroutine that was driven by hand and dropped, a
// group without a body that nobody closed. Nobody will come back to leave them, so they end with their task: what runs in
// them is cancelled, no deadline stays armed and no signal is listened to. Debug mode reports them.

import type { CancelStatus } from './cancel_status.js';
import { creationSite } from './creation_site.js';
import { warn } from './debug_warning.js';

interface EndedTask {
  readonly name: string;
  readonly _status: CancelStatus;
  readonly _nominal: { readonly name: string };
  readonly _loop: { readonly _debug: boolean };
}

interface OpenScope {
  _abandon(): void;
  _retire(): void;
}

/** Ends the scopes that a task has left open, from the inside out. */
export function endScopesOf(task: EndedTask): void {
  for (let status = task._status; status.host === (task as unknown); status = task._status) {
    if (task._loop._debug) reportOpen(task, status);
    openScope(status)._abandon();
  }
}

/** Ends the deadlines and signals of the scopes in `outer` that are left behind with it; `inner` is the innermost one. */
export function retireScopes(inner: CancelStatus, outer: CancelStatus): void {
  for (let s: CancelStatus | null = inner; s !== null && s !== outer; s = s.parent) {
    if (s.host !== null) openScope(s)._retire();
  }
}

// A status that a task has entered is the one of a scope.
function openScope(status: CancelStatus): OpenScope {
  return status.scope as unknown as OpenScope;
}

function reportOpen(task: EndedTask, status: CancelStatus): void {
  const message =
    `${task._nominal.name} has ended inside of a cancel scope or task group that it entered and did not leave ` +
    '(close the group; drive coroutines with `yield*`, not by hand)';
  warn('ScopeLeftOpen', message, [['entered at', creationSite(status)]]);
}
