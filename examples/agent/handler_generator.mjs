// The request handler in the generator colour: `function*` and `yield*`.
// The same program in the other colour stands in handler_async.mjs; read the two side by side.
import { createTask, gather, untilSignal } from 'readyloop';
import { askByLine } from './lines.mjs';
import { request } from './services.mjs';

/** Asks one service. Cancelling the task that waits here aborts the HTTP request. */
function* ask(service, question) {
  if (service.transport === 'streams') return yield* askByLine(service, question);
  return yield* untilSignal((signal) => request(service, question, signal));
}

// A task of its own for each call, with a name that the chart and every report can show.
const start = (service, question) => createTask(ask(service, question), { name: service.name });

/** Each service waits for the one before: the times add up. */
export function* answerOneByOne(services, question) {
  const profile = yield* start(services.profile, { question });
  const orders = yield* start(services.orders, { question });
  const manual = yield* start(services.manual, { question });
  return yield* start(services.model, { question, context: [profile, orders, manual] });
}

/** The three services at once: the slowest one counts. */
export function* answerTogether(services, question) {
  const context = yield* gather(
    start(services.profile, { question }),
    start(services.orders, { question }),
    start(services.manual, { question }),
  );
  return yield* start(services.model, { question, context });
}
