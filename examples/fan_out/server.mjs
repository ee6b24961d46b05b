// The other side, for --check: a server whose pages answer at once, fail, hang, or wait for each other, and which
// counts what its clients do.
import { once } from 'node:events';
import { createServer } from 'node:http';

export class Server {
  /** Requests in flight, the most there ever were, and all that came. */
  active = 0;
  most = 0;
  paths = [];
  /** How many clients went away without their answer. */
  givenUp = 0;
  #server = createServer((request, response) => this.#answer(request.url, response));
  #meeting = [];
  #watchers = new Set();

  async start() {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }
  stop() {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  url(path) {
    return `http://127.0.0.1:${this.#server.address().port}/${path}`;
  }

  /** Returns: a promise of the moment when `isSo()` is true of the counts, and of `signal` if that is first. */
  when(isSo, signal) {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (!isSo() && !signal.aborted) return;
        this.#watchers.delete(look);
        if (signal.aborted) reject(signal.reason);
        else resolve();
      };
      this.#watchers.add(look);
      signal.addEventListener('abort', look, { once: true });
      look();
    });
  }

  connections() {
    return new Promise((resolve) => this.#server.getConnections((_error, count) => resolve(count)));
  }

  #answer(path, response) {
    this.paths.push(path);
    this.most = Math.max(this.most, ++this.active);
    response.on('close', () => {
      this.active--;
      if (!response.writableFinished) this.givenUp++;
      this.#changed();
    });
    const [, kind, size] = path.split('/');
    if (kind === 'fast') response.end('hello');
    else if (kind === 'fail') response.writeHead(503).end('no');
    else if (kind === 'meet') this.#meet(response, Number(size));
    else if (kind === 'part') response.write('the beginning'); // And then it hangs, in the middle of the body.
    this.#changed();
  }

  // Answers when `size` requests are in flight at once, which is a proof that they can be.
  #meet(response, size) {
    this.#meeting.push(response);
    if (this.#meeting.length < size) return;
    for (const each of this.#meeting.splice(0)) each.end('we have met');
  }

  #changed() {
    for (const look of [...this.#watchers]) look();
  }
}
