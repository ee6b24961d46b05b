// Context.run in an async function that has awaited: the function's own context was meant by get and set.
import { ContextVar, copyContext, sleep } from '../../lib';
import { hosted } from '../tasks/support';

test('context: run in an async function that has awaited sets the variables of its own context', hosted(async () => {
  const variable = new ContextVar<string>('variable');
  variable.set('of the task');
  await sleep(1);
  const context = copyContext();
  context.run(() => {
    expect(variable.get()).toBe('of the task');
    variable.set('of the copy');
  });
  expect([variable.get(), context.get(variable)]).toEqual(['of the task', 'of the copy']);
}));

test('context: run that throws leaves an async function its context', hosted(async () => {
  const variable = new ContextVar<string>('variable');
  variable.set('of the task');
  await sleep(1);
  const context = copyContext();
  expect(() => context.run(() => {
    variable.set('of the copy');
    throw new Error('in the middle');
  })).toThrow('in the middle');
  expect(variable.get()).toBe('of the task');
}));
