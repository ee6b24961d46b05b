// The other side: four servers, of HTTP or of lines over streams, in a process of their own, so that waiting for them is
// real waiting. Started by service_process.mjs with the options as its argument; tells its parent the ports, and ends with
// it.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { serveLines } from './line_services.mjs';

const options = JSON.parse(process.argv[2]);
const { delays, fail, down } = options;

const answers = {
  profile: () => 'Ada keeps 40 trout in a garden pond and has been a customer since 2019',
  orders: () => 'order 1815: one PX-200 pump, delivered last Tuesday',
  manual: () => 'PX-200: if the flow drops, rinse the sponge first, then look at the impeller',
  // A stand-in for a language model: it says something that can only be said with all three facts at hand.
  model: ({ context = [] }) => {
    const [profile, orders, manual] = context.map(String);
    const pump = /PX-\d+/.exec(orders)?.[0] ?? 'pump';
    const fish = /\d+ \w+/.exec(profile)?.[0] ?? 'fish';
    const advice = /rinse.*/.exec(manual)?.[0] ?? 'rinse it';
    return `For ${fish}, do not wait: ${advice}. Your ${pump} is a week old, so it is still under warranty.`;
  },
};

function serve(name) {
  return createServer((request, response) => {
    const reply = async () => {
      const question = await json(request);
      if (name === fail) return [503, { error: 'overloaded, try again later' }];
      return [200, { answer: answers[name](question) }];
    };
    const send = ([status, body]) => {
      const timer = setTimeout(() => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      }, delays[name]);
      // The client has gone away: whatever was being prepared for it is dropped.
      response.on('close', () => clearTimeout(timer));
    };
    reply().then(send, (error) => send([400, { error: error.message }]));
  });
}

async function listen(name) {
  const server = serve(name).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  if (name === down) server.close();
  return [name, `http://127.0.0.1:${port}/`];
}

// Ctrl-C reaches every process of the terminal; here it is for the parent to decide when to stop.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit());
if (options.transport === 'streams') {
  await serveLines(answers, options, (ports) => {
    process.send(Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, `tcp://127.0.0.1:${port}`])));
  });
} else {
  process.send(Object.fromEntries(await Promise.all(Object.keys(answers).map(listen))));
}
