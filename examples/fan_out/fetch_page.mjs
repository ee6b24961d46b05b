// One page, with plain promises and an AbortSignal: nothing here knows of readyloop.

/** A page that could not be had, in words for a person. */
export class PageError extends Error {
  name = 'PageError';
}

/** Returns: `{ bytes }`. Throws: PageError. Aborting `signal` ends the request, its body included. */
export async function fetchPage(url, signal) {
  try {
    const response = await fetch(url, { signal });
    const body = await response.arrayBuffer();
    if (response.ok) return { bytes: body.byteLength };
    throw new PageError(`HTTP ${response.status}`);
  } catch (cause) {
    if (signal.aborted || cause instanceof PageError) throw cause;
    throw new PageError(cause.cause?.code ?? cause.cause?.message ?? cause.message, { cause });
  }
}
