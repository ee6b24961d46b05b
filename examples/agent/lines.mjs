// The second transport: readyloop's own streams, and a protocol of one line of JSON each way on a connection of its own.
// Nothing has to be aborted by hand here: every wait of a stream can be cancelled, and `finally` closes it.
import { openConnection } from 'readyloop';
import { ServiceError } from './services.mjs';

/** Asks a service, in the generator colour. */
export function* askByLine(service, question) {
  let stream = null;
  try {
    stream = yield* openConnection(placeOf(service));
    yield* stream.send(`${JSON.stringify(question)}\n`);
    return answerIn(service, yield* stream.readLine());
  } catch (error) {
    throw toServiceError(service, error);
  } finally {
    void stream?.close();
  }
}

/** Asks a service, in the async colour. */
export async function askByLineAsync(service, question) {
  let stream = null;
  try {
    stream = await openConnection(placeOf(service));
    await stream.send(`${JSON.stringify(question)}\n`);
    return answerIn(service, await stream.readLine());
  } catch (error) {
    throw toServiceError(service, error);
  } finally {
    void stream?.close();
  }
}

function placeOf({ url }) {
  const { hostname: host, port } = new URL(url);
  return { host, port: Number(port) };
}

function answerIn(service, line) {
  if (line === null) throw new ServiceError(`the ${service.name} service has closed the connection without an answer`);
  const { answer, error } = JSON.parse(line);
  if (error === undefined) return answer;
  throw new ServiceError(`the ${service.name} service failed: ${error}`);
}

// Failures of the system have an errno. Whatever else there is, above all a cancellation, goes on as it is.
function toServiceError({ name, url }, error) {
  if (typeof error.errno !== 'number') return error;
  return new ServiceError(`the ${name} service at ${url} cannot be reached: ${error.code}`, { cause: error });
}
