// What the client knows of a service: how it is asked, and how its failures are told. Plain promises and an AbortSignal:
// nothing here knows of readyloop.

/** A service that failed or could not be reached, in words for a person. */
export class ServiceError extends Error {
  name = 'ServiceError';
}

/** Asks a service with `fetch`. Aborting `signal` ends the request, its answer's body included. */
export async function request(service, question, signal) {
  const headers = { 'content-type': 'application/json' };
  let response;
  let body;
  try {
    response = await fetch(service.url, { method: 'POST', headers, body: JSON.stringify(question), signal });
    body = await response.text();
  } catch (cause) {
    if (signal.aborted) throw cause;
    const why = cause.cause?.code ?? cause.message;
    throw new ServiceError(`the ${service.name} service at ${service.url} cannot be reached: ${why}`, { cause });
  }
  const { answer, error } = parse(body);
  if (response.ok && error === undefined) return answer;
  throw new ServiceError(`the ${service.name} service failed with HTTP ${response.status}: ${error}`);
}

function parse(body) {
  try {
    return JSON.parse(body);
  } catch {
    return { error: `something that is not JSON: ${body.slice(0, 60)}` };
  }
}
