// The request handler in the async colour: `async` and `await`.
// The same program in the other colour stands in handler_generator.mjs; read the two side by side.
import { createTask, gather, untilSignal } from 'readyloop';
import { askByLineAsync } from './lines.mjs';
import { request } from './services.mjs';

/** Asks one service. A bare `await request(…)` would go on after a cancellation; untilSignal aborts the request. */
async function ask(service, question) {
  if (service.transport === 'streams') return await askByLineAsync(service, question);
  return await untilSignal((signal) => request(service, question, signal));
}

// A task of its own for each call, with a name that the chart and every report can show.
const start = (service, question) => createTask(() => ask(service, question), { name: service.name });

/** Each service waits for the one before: the times add up. */
export async function answerOneByOne(services, question) {
  const profile = await start(services.profile, { question });
  const orders = await start(services.orders, { question });
  const manual = await start(services.manual, { question });
  return await start(services.model, { question, context: [profile, orders, manual] });
}

/** The three services at once: the slowest one counts. */
export async function answerTogether(services, question) {
  const context = await gather(
    start(services.profile, { question }),
    start(services.orders, { question }),
    start(services.manual, { question }),
  );
  return await start(services.model, { question, context });
}
