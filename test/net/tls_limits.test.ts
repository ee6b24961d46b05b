// TLS: how long it takes where nobody has said it, in virtual time; and what only OpenSSL refuses.
import { getRunningLoop, startTls, type StartTlsOptions } from '../../lib';
import { virtualTime } from '../../lib/testing';
import { outcomeOf } from '../tasks/support';
import { withCode } from '../helpers/failures';
import { run } from './engines';
import { certificate } from './node_servers';
import { connect } from './support';

const asServer: StartTlsOptions = { isServer: true, cert: certificate('server.crt'), key: certificate('server.key') };
const asClient: StartTlsOptions = { servername: 'localhost', ca: certificate('ca.crt') };

test('TL1: unless it is told otherwise a handshake has a minute', virtualTime(async () => {
  const { near, far } = await connect();
  const begun = getRunningLoop().time();
  await expect(startTls(near, asClient)).rejects.toEqual(withCode('ERR_TIMEOUT', /60000 ms/));
  expect([getRunningLoop().time() - begun, near.closed]).toEqual([60_000, true]);
  far.abort();
}));

test('TL1: unless it is told otherwise closing has half a minute', virtualTime(async () => {
  const { near: plain, far: other } = await connect();
  const accepting = startTls(other, asServer);
  const near = await startTls(plain, asClient);
  const far = await accepting;
  near.write(Buffer.alloc(32_000_000));
  const begun = getRunningLoop().time();
  await near.close();
  expect(getRunningLoop().time() - begun).toBe(30_000);
  far.abort();
}));

test('TL1: a closing that makes its end leaves no timer behind', () => run(async () => {
  const { timers } = getRunningLoop().metrics();
  const { near: plain, far: other } = await connect();
  const accepting = startTls(other, asServer);
  const near = await startTls(plain, asClient);
  const far = await accepting;
  await near.close();
  await far.close();
  expect(getRunningLoop().metrics().timers).toBe(timers);
}));

test('TL5: what only OpenSSL finds out about the options closes the stream too', () => run(function* () {
  for (const options of [{ ...asClient, minVersion: 'TLSv9' }, { ...asServer, key: 'no key' }] as StartTlsOptions[]) {
    const { near, far } = yield* connect();
    const [how] = yield* outcomeOf(startTls(near, options));
    expect([how, near.closed]).toEqual(['failed', true]);
    far.abort();
  }
}));
