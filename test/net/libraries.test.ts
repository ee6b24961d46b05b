// Libraries from the registry, as they are, on our sockets, against real servers.
import { type EventEmitter, once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { openConnection, run, type SocketDuplex } from '../../lib';
import { library, program } from '../helpers/library';
import { connectDuplex, type Daemon, serveNode, startPostgres, startRedis } from './node_servers';
import { pattern, portOf } from './support';

interface WebSocket extends EventEmitter {
  send(data: Buffer | string): void;
  close(code?: number): void;
}
interface Ws {
  readonly WebSocket: new (url: string, options: { createConnection: () => Duplex }) => WebSocket;
  WebSocketServer: new (options: { noServer: true }) => EventEmitter & {
    handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, done: (client: WebSocket) => void): void;
  };
}
interface Undici {
  Client: new (origin: string, options: object) => object & { close(): Promise<void> };
  request(url: string, options: object): Promise<{ statusCode: number; body: { text(): Promise<string> } }>;
}
interface Redis extends EventEmitter {
  set(key: string, value: Buffer | string): Promise<string>;
  getBuffer(key: string): Promise<Buffer | null>;
  incr(key: string): Promise<number>;
  disconnect(): void;
}
interface Pg {
  Client: new (options: object) => EventEmitter & {
    connect(): Promise<void>;
    query(text: string, values?: readonly unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
    end(): Promise<void>;
  };
}

const ws = library('ws') as Ws | null;
const undici = library('undici') as Undici | null;
const ioredis = library('ioredis') as { Redis: new (options: object) => Redis } | null;
const pg = library('pg') as Pg | null;
const redisFile = program('redis-server', 'redis-server');
const initdb = program('initdb', 'postgresql');
const postgres = program('postgres', 'postgresql');
const testIf = (isThere: boolean): typeof test.skip => (isThere ? test : test.skip);

testIf(ws !== null)('ws: server and client, text and large messages, and an orderly end', () => run(async () => {
  const sockets = new ws!.WebSocketServer({ noServer: true });
  const app = http.createServer();
  app.on('upgrade', (request: IncomingMessage, duplex: Duplex, head: Buffer) => {
    sockets.handleUpgrade(request, duplex, head, (client) => {
      client.on('message', (data: Buffer, isBinary: boolean) => client.send(isBinary ? data : String(data).toUpperCase()));
    });
  });
  const server = await serveNode(app);
  const duplex = await connectDuplex(server);
  const client = new ws!.WebSocket('ws://localhost/', { createConnection: () => duplex });
  await once(client, 'open');
  client.send('hello');
  expect(String((await once(client, 'message') as [Buffer])[0])).toBe('HELLO');
  const sent = pattern(1_000_000);
  client.send(sent);
  expect(sent.equals((await once(client, 'message') as [Buffer])[0])).toBe(true);
  client.close(1000);
  expect((await once(client, 'close') as [number])[0]).toBe(1000);
  await server.shutdown({ drain: 0 });
}));

testIf(undici !== null)('undici: pipelined requests over a connection of ours', () => run(async () => {
  const server = await serveNode(http.createServer((incoming, response) => void incoming.pipe(response)));
  let opened = 0;
  const connect = (_options: unknown, callback: (error: unknown, socket: Duplex | null) => void): void => {
    opened++;
    openConnection({ host: '127.0.0.1', port: portOf(server) }).then(
      (stream) => callback(null, stream.toDuplex()), (error: unknown) => callback(error, null),
    );
  };
  const dispatcher = new undici!.Client('http://localhost', { connect, pipelining: 4 });
  const bodies = Array.from({ length: 8 }, (_, index) => `body ${index}`);
  const answers = await Promise.all(bodies.map(async (body) => {
    const { body: answer } = await undici!.request('http://localhost/', { dispatcher, method: 'POST', body });
    return answer.text();
  }));
  expect(answers).toEqual(bodies);
  expect(opened).toBe(1);
  await dispatcher.close();
  await server.shutdown({ drain: 0 });
}));

describe('against a real Redis', () => {
  let daemon: Daemon | null = null;
  const isThere = ioredis !== null && redisFile !== null;
  beforeAll(async () => {
    if (isThere) daemon = await startRedis(redisFile);
  });
  afterAll(() => daemon?.stop());

  // How ioredis is told to make its connections; see its `Connector` option.
  class OwnConnector {
    #duplex: SocketDuplex | null = null;
    static opened = 0;
    check(): boolean {
      return true;
    }
    async connect(): Promise<Duplex> {
      OwnConnector.opened++;
      this.#duplex = (await openConnection({ path: daemon!.path })).toDuplex();
      return this.#duplex;
    }
    disconnect(): void {
      this.#duplex?.end();
    }
  }

  testIf(isThere)('ioredis: commands, many and large, and a new connection after a lost one', () => run(async () => {
    const client = new ioredis!.Redis({ Connector: OwnConnector, retryStrategy: () => 1 });
    await client.set('greeting', 'hello');
    expect(String(await client.getBuffer('greeting'))).toBe('hello');
    const counts = await Promise.all(Array.from({ length: 1000 }, () => client.incr('count')));
    expect(counts.at(-1)).toBe(1000);
    const sent = pattern(2_000_000);
    await client.set('large', sent);
    expect(sent.equals((await client.getBuffer('large')) as Buffer)).toBe(true);
    expect(OwnConnector.opened).toBe(1);
    (client as unknown as { stream: Duplex }).stream.destroy();
    expect(await client.incr('count')).toBe(1001);
    expect(OwnConnector.opened).toBe(2);
    const closed = once(client, 'end');
    client.disconnect();
    await closed;
  }));
});

describe('against a real PostgreSQL', () => {
  let daemon: Daemon | null = null;
  const isThere = pg !== null && initdb !== null && postgres !== null;
  beforeAll(async () => {
    if (isThere) daemon = await startPostgres({ initdb, postgres });
  }, 60_000);
  afterAll(() => daemon?.stop());

  testIf(isThere)('pg: queries with parameters, large results, errors, and an orderly end', () => run(async () => {
    const stream = (await openConnection({ path: daemon!.path })).toDuplex();
    const client = new pg!.Client({ stream: () => stream, user: 'tester', database: 'postgres', keepAlive: true });
    await client.connect();
    expect((await client.query('select $1::int + 1 as sum', [41])).rows).toEqual([{ sum: 42 }]);
    const large = await client.query('select i, repeat(chr(65 + i % 26), 1000) as text from generate_series(1, 2000) i');
    expect(large.rows).toHaveLength(2000);
    expect(large.rows.at(-1)).toEqual({ i: 2000, text: 'Y'.repeat(1000) });
    await expect(client.query('select 1 / 0')).rejects.toMatchObject({ code: '22012' });
    await client.end();
    expect(stream.destroyed).toBe(true);
  }));
});
