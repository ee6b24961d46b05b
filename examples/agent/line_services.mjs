// The services over readyloop's streams: a task for each connection, one line of JSON in and one out.
import { run, sleep, sleepForever, startServer } from 'readyloop';

/** Serves every service of `answers` for ever. `ready(ports)` is told where, by name. */
export function serveLines(answers, { delays, fail, down }, ready) {
  const serve = (name) => function* (stream) {
    const line = yield* stream.readLine();
    if (line === null) return; // Nothing was asked.
    const question = JSON.parse(line);
    yield* sleep(delays[name]);
    const reply = name === fail ? { error: 'overloaded, try again later' } : { answer: answers[name](question) };
    yield* stream.send(`${JSON.stringify(reply)}\n`);
  };
  return run(function* () {
    const ports = {};
    for (const name of Object.keys(answers)) {
      const server = yield* startServer(serve(name), { host: '127.0.0.1', port: 0 });
      ports[name] = server.address().port;
      if (name === down) void server.close();
    }
    ready(ports);
    yield* sleepForever();
  });
}
