// The demo: an agent that collects context from three HTTP services and then asks a model, first one after another,
// then with `gather`. Start it with `npm run demo`, or with `node examples/agent/main.mjs` after `npm run build`.
import { CancelledError, getRunningLoop, runMain, until } from 'readyloop';
import { check } from './check.mjs';
import * as asyncHandler from './handler_async.mjs';
import * as generatorHandler from './handler_generator.mjs';
import { readOptions, transports, usage } from './options.mjs';
import { record } from './recorder.mjs';
import { FigureReport, PictureReport } from './report.mjs';
import { withServices } from './service_process.mjs';
import { ServiceError } from './services.mjs';

const handlers = { generator: generatorHandler, async: asyncHandler };
const question = 'My pond pump has become weak. Should I wait for the weekend to look at it?';

/** Runs the handler of one colour both ways, and tells each recording to `report` as soon as it is there. */
function* measure(services, colour, report) {
  const { answerOneByOne, answerTogether } = handlers[colour];
  const loop = getRunningLoop();
  yield* until(fetch('data:,')); // Node loads fetch at its first use, which is nobody's waiting time.
  report.oneByOne(yield* record(loop, () => answerOneByOne(services, question)));
  report.together(yield* record(loop, () => answerTogether(services, question)));
}

function* main(options) {
  try {
    if (options.check) {
      for (const transport of transports) {
        console.log(`over ${transport}`);
        const checkIt = (services) => check((...args) => measure(services, ...args), options.delays);
        yield* withServices({ ...options, transport }, checkIt);
      }
      return;
    }
    const report = options.json ? new FigureReport() : new PictureReport();
    report.begin(question, options.colour);
    yield* withServices(options, (services) => measure(services, options.colour, report));
    report.end();
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
