// The bug: a value is read, something is awaited, and what was computed from the old value is written. Whoever wrote in
// between is forgotten. The two customers only meet if one of them is held up.
import { checkpoint, type Coroutine, createTask, Lock } from '../../../lib/index';
import { ticks } from '../../tasks/support';
import type { Planted } from './planted';

interface Account {
  balance: number;
  readonly lock: Lock;
}

function* deposit(account: Account, amount: number): Coroutine<void> {
  const before = account.balance;
  yield* checkpoint(); // The transfer is written to the journal.
  account.balance = before + amount;
}

function* depositLocked(account: Account, amount: number): Coroutine<void> {
  using _ = yield* account.lock.acquire();
  yield* deposit(account, amount);
}

function program(add: typeof deposit) {
  return function* (): Coroutine<void> {
    const account: Account = { balance: 0, lock: new Lock() };
    const customers = [0, 4].map((arrives) =>
      createTask(function* () {
        yield* ticks(arrives);
        yield* add(account, 50);
      }),
    );
    for (const customer of customers) yield* customer;
    if (account.balance !== 100) throw new Error(`50 and 50 make 100, and not ${account.balance}`);
  };
}

export const lostUpdate: Planted = {
  name: 'a lost update across an await',
  failure: /50 and 50 make 100/,
  broken: program(deposit),
  correct: program(depositLocked),
  options: {},
};
