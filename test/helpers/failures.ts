// Errors by their stable code, which is what users may rely on; the words of a message may change.

/** What `expect(…).toThrow` and `rejects.toThrow` take: an error with this code. */
export function withCode(code: string, message: RegExp = /./): Error {
  const shape: unknown = expect.objectContaining({ code, message: expect.stringMatching(message) as unknown });
  return shape as Error;
}

/** Returns: what `body` throws. Fails the test if it throws nothing. */
export function thrownBy(body: () => unknown): Error & { readonly code?: string } {
  try {
    body();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

/** Returns: what a promise is rejected with. Fails the test if it is not. */
export async function rejectionOf(promise: PromiseLike<unknown>): Promise<Error & { readonly code?: string }> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error(`it was not rejected, and gave ${String(value)}`);
}
