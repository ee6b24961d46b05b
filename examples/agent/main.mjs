// The demo: an agent that collects context from three HTTP services and then asks a model, first one after another,
// then with `gather`. Start it with `npm run demo`, or with `node examples/agent/main.mjs` after `npm run build`.
import { CancelledError, getRunningLoop, runMain } from 'readyloop';
import { check } from './check.mjs';
import * as asyncHandler from './handler_async.mjs';
import * as generatorHandler from './handler_generator.mjs';
import { readOptions, usage } from './options.mjs';
import { record } from './recorder.mjs';
import { printFigures, printPicture } from './report.mjs';
import { withServices } from './service_process.mjs';
import { ServiceError } from './services.mjs';

const handlers = { generator: generatorHandler, async: asyncHandler };
const question = 'My pond pump has become weak. Should I wait for the weekend to look at it?';

/** Runs the handler of one colour both ways. Returns: the two recordings. */
function* measure(services, colour) {
  const { answerOneByOne, answerTogether } = handlers[colour];
  const loop = getRunningLoop();
  const oneByOne = yield* record(loop, () => answerOneByOne(services, question));
  const together = yield* record(loop, () => answerTogether(services, question));
  return { colour, question, oneByOne, together };
}

function* main(options) {
  try {
    if (options.check) {
      yield* withServices(options, (services) => check((colour) => measure(services, colour), options.delays));
      return;
    }
    if (!options.json) console.log(`Asking: ${question}\n`);
    const figures = yield* withServices(options, (services) => measure(services, options.colour));
    if (options.json) printFigures(figures);
    else printPicture(figures);
  } catch (error) {
    // Ctrl-C: the requests are aborted and the services gone by now; runMain sets the exit status.
    if (error instanceof CancelledError) console.error(`Stopped by ${error.reason}.`);
    if (!(error instanceof ServiceError)) throw error;
    console.error(`No answer: ${error.message}`);
    process.exitCode = 1;
  }
}

const options = readOptions(process.argv.slice(2));
if (options.help) {
  console.log(usage);
} else if (options.mistake !== undefined) {
  console.error(`${options.mistake}\n\n${usage}`);
  process.exitCode = 2;
} else {
  runMain(main(options), { name: 'demo' });
}
