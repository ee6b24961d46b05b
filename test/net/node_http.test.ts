// Node's own protocols on our sockets, both ends: http, https, http2, and tls.
import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { openConnection, type Server } from '../../lib';
import { certificate, connectDuplex, serveNode } from './node_servers';
import { pattern, portOf, turn } from './support';
import { onlyNative, run } from './engines';

const identity = { cert: certificate('server.crt'), key: certificate('server.key') };
const ca = certificate('ca.crt');

async function bodyOf(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

// Answers with what it was sent, and where from.
const echo = (request: IncomingMessage, response: http.ServerResponse): void => {
  response.setHeader('x-from', String(request.socket.remoteAddress));
  request.pipe(response);
};

async function responseTo(request: http.ClientRequest, body: Buffer | string): Promise<IncomingMessage> {
  const answered = once(request, 'response') as Promise<[IncomingMessage]>;
  request.end(body);
  return (await answered)[0];
}

async function ended(server: Server): Promise<void> {
  await server.shutdown({ drain: 0 });
}

onlyNative('nothing real is in its network')(
  'node:http: a server on our sockets answers, keeps connections, and streams bodies', () => run(async () => {
  const server = await serveNode(http.createServer(echo));
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const sent = pattern(1_000_000);
  for (let i = 0; i < 3; i++) {
    const request = http.request({ host: '127.0.0.1', port: portOf(server), method: 'POST', agent });
    const response = await responseTo(request, sent);
    expect(response.headers['x-from']).toBe('127.0.0.1');
    expect(sent.equals(await bodyOf(response))).toBe(true);
    expect(request.reusedSocket).toBe(i > 0);
  }
  expect(server.connections).toBe(1);
  agent.destroy();
  while (server.connections > 0) await turn();
  await ended(server);
}));

test('node:http: a keep-alive agent on our sockets uses one again, and forgets one that was closed', () => run(async () => {
  const app = http.createServer(echo);
  const server = await serveNode(app);
  let opened = 0;
  class OwnAgent extends http.Agent {
    override createConnection(_options: unknown, callback: (error: Error | null, stream?: Duplex) => void): undefined {
      opened++;
      openConnection({ host: '127.0.0.1', port: portOf(server) }).then(
        (stream) => callback(null, stream.toDuplex()), (error: unknown) => callback(error as Error),
      );
    }
  }
  const agent = new OwnAgent({ keepAlive: true, maxSockets: 1 });
  const ask = async (): Promise<string> => {
    const response = await responseTo(http.request({ host: 'here', method: 'POST', agent }), 'hello');
    return String(await bodyOf(response));
  };
  expect([await ask(), await ask(), opened]).toEqual(['hello', 'hello', 1]);
  while (Object.keys(agent.freeSockets).length === 0) await turn();
  server.closeClients();
  while (Object.keys(agent.freeSockets).length > 0) await turn();
  expect([await ask(), opened]).toEqual(['hello', 2]);
  agent.destroy();
  await ended(server);
}));

test('node:http: a peer that goes away in the middle of a body aborts the request', () => run(async () => {
  const app = http.createServer();
  const server = await serveNode(app);
  const client = await openConnection({ host: '127.0.0.1', port: portOf(server) });
  const asked = once(app, 'request') as Promise<[IncomingMessage]>;
  await client.send('POST / HTTP/1.1\r\nhost: here\r\ncontent-length: 100\r\n\r\nhalf');
  const [request] = await asked;
  client.abort();
  await expect(bodyOf(request)).rejects.toMatchObject({ code: 'ECONNRESET' });
  await ended(server);
}));

test('node:http: an upgraded connection is given to whoever asked', () => run(async () => {
  const app = http.createServer();
  app.on('upgrade', (_request: IncomingMessage, duplex: Duplex, head: Buffer) => {
    duplex.write(`HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n${String(head)}`);
    duplex.pipe(duplex);
  });
  const server = await serveNode(app);
  const client = await openConnection({ host: '127.0.0.1', port: portOf(server) });
  await client.send('GET / HTTP/1.1\r\nhost: here\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\nhead ');
  expect(String(await client.readUntil('\r\n\r\n'))).toMatch(/^HTTP\/1.1 101/);
  await client.send('and more');
  await client.sendEof();
  expect(String(await client.readAll())).toBe('head and more');
  await client.close();
  await ended(server);
}));

test('node:https: server and client on our sockets', () => run(async () => {
  const server = await serveNode(https.createServer(identity, echo));
  const socket = tls.connect({ socket: await connectDuplex(server), servername: 'localhost', ca });
  const request = https.request({ host: 'localhost', method: 'POST', createConnection: () => socket });
  const sent = pattern(500_000);
  const response = await responseTo(request, sent);
  expect(sent.equals(await bodyOf(response))).toBe(true);
  socket.destroy();
  await ended(server);
}));

test.each(['http2', 'http2 over TLS'])('node:%s: many requests at once over one connection', (kind) => run(async () => {
  const isSecure = kind !== 'http2';
  const app = isSecure ? http2.createSecureServer(identity) : http2.createServer();
  app.on('stream', (stream: http2.ServerHttp2Stream) => {
    stream.respond({ ':status': 200 });
    stream.pipe(stream);
  });
  const server = await serveNode(app);
  const duplex = await connectDuplex(server);
  const socket = isSecure ? tls.connect({ socket: duplex, servername: 'localhost', ca, ALPNProtocols: ['h2'] }) : duplex;
  const session = http2.connect(`${isSecure ? 'https' : 'http'}://localhost`, { createConnection: () => socket });
  const sent = pattern(200_000);
  const answers = await Promise.all(Array.from({ length: 10 }, async () => {
    const stream = session.request({ ':method': 'POST' });
    stream.end(sent);
    return bodyOf(stream);
  }));
  expect(answers.map((answer) => answer.equals(sent))).toEqual(Array.from({ length: 10 }, () => true));
  expect(server.connections).toBe(1);
  session.destroy();
  await ended(server);
}));
