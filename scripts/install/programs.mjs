// The programs that the install checks run: small, and each touches the native part (timers, a connection, a group), the
// simulated one (`readyloop/testing`), and both colours. They print `works` and end by themselves.

const BODY = `
function* shout(stream) {
  yield* stream.send(String(yield* stream.readExactly(5)).toUpperCase());
}
async function hello(port) {
  const stream = await openConnection({ host: '127.0.0.1', port });
  await stream.send('hello');
  const answer = await stream.readAll();
  await stream.close();
  return String(answer);
}
async function main() {
  const seen = await run(function* () {
    const server = yield* startServer(shout, { host: '127.0.0.1', port: 0 });
    const answers = yield* all(() => hello(server.address().port), sleep(2), () => hello(server.address().port));
    yield* server.shutdown({ drain: 1000 });
    return [answers[0], answers[2]].join();
  });
  if (seen !== 'HELLO,HELLO') throw new Error('the server said ' + seen);
  let virtual = false;
  await virtualTime(function* () {
    yield* sleep(3600000);
    virtual = true;
  })();
  if (!virtual) throw new Error('virtual time did not pass');
  console.log('works');
}
main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
`;

const NAMES = 'all, openConnection, run, sleep, startServer';

/** What projects are given: a CommonJS program, an ES module, a worker of each kind of run. */
export const programs = {
  'program.cjs':
    `const { ${NAMES} } = require('readyloop');\nconst { virtualTime } = require('readyloop/testing');\n${BODY}`,
  'program.mjs': `import { ${NAMES} } from 'readyloop';\nimport { virtualTime } from 'readyloop/testing';\n${BODY}`,
  'blocking.cjs': `
const { runBlocking, sleep } = require('readyloop');
console.log(runBlocking(function* () { yield* sleep(2); return 'works'; }));
`,
  'worker.cjs': `
const { Worker, isMainThread, parentPort } = require('node:worker_threads');
const { run, runBlocking, sleep } = require('readyloop');
function* nap() { yield* sleep(2); return 'awake'; }
if (isMainThread) {
  run(nap).then((main) => {
    const worker = new Worker(__filename);
    worker.on('message', (there) => console.log([main, ...there].join() === 'awake,awake,awake' ? 'works' : there));
    worker.on('error', (error) => { console.error(error); process.exitCode = 1; });
  });
} else {
  const blocking = runBlocking(nap);
  run(nap).then((hosted) => parentPort.postMessage([blocking, hosted]));
}
`,
};

/** TypeScript, in which the compiler has to find out types through each module system. */
export const typed = `
import { run, sleep, type Task, createTask, all, type Coroutine } from 'readyloop';
import { virtualTime } from 'readyloop/testing';

function* length(text: string): Coroutine<number> {
  yield* sleep(1);
  return text.length;
}
async function main(): Promise<void> {
  const task: Promise<number> = run(function* () {
    const child: Task<number> = createTask(length('four'));
    const [first, second]: [number, number] = yield* all(child, length('fourteen'));
    return first + second;
  });
  const sum: number = await task;
  let virtual: number = 0;
  await virtualTime(function* () {
    virtual = yield* length('x');
  })();
  console.log(sum === 12 && virtual === 1 ? 'works' : 'fails');
}
// @ts-expect-error -- the types are there, and this is wrong.
const wrong: string = run(() => length('x'));
void main().then(() => wrong);
`;
