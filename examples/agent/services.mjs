// What the client knows of a service: how it is asked, how its answer is read, and how its failures are told.
import { CancelledError } from 'readyloop';

/** A service that failed or could not be reached, in words for a person. */
export class ServiceError extends Error {
  name = 'ServiceError';

  /** Returns: the error for a request that got no answer; a cancellation is none and is given back as it is. */
  static unreachable(service, cause) {
    if (cause instanceof CancelledError) return cause;
    const why = cause.cause?.code ?? cause.cause?.message ?? cause.message;
    return new ServiceError(`the ${service.name} service at ${service.url} cannot be reached: ${why}`, { cause });
  }
}

/** The options of `fetch` for one question. */
export function requestTo(question, signal) {
  const headers = { 'content-type': 'application/json' };
  return { method: 'POST', headers, body: JSON.stringify(question), signal };
}

/** Returns: what the service answered. Throws: ServiceError with what it complained about. */
export async function readAnswer(service, response) {
  const text = await response.text();
  let body;
  try {
    body = JSON.parse(text);
  } catch {
    body = { error: `something that is not JSON: ${text.slice(0, 60)}` };
  }
  if (response.ok && body.error === undefined) return body.answer;
  throw new ServiceError(`the ${service.name} service failed with HTTP ${response.status}: ${body.error}`);
}
