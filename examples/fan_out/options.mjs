// The command line of the example.
import { parseArgs } from 'node:util';

export const usage = `usage: node examples/fan_out/main.mjs [options] URL...

Fetches all URLs, several at a time, and prints each one as it comes. Ctrl-C ends it, with what it has so far.

  --limit N      how many at a time (4)
  --timeout MS   how long each may take (5000)
  --total MS     how long all of them may take (60000)
  --check        fetch from servers of its own, and check what comes out
  --help         print this

The exit status is 0 if all came, 1 if some did not, 130 after Ctrl-C.`;

const numbers = { limit: '4', timeout: '5000', total: '60000' };

/** Returns: the options, `{ help: true }`, or `{ mistake }` with what is wrong. */
export function readOptions(args) {
  const strings = Object.entries(numbers).map(([name, value]) => [name, { type: 'string', default: value }]);
  const flags = { check: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } };
  let parsed;
  try {
    parsed = parseArgs({ args, allowPositionals: true, options: { ...Object.fromEntries(strings), ...flags } });
  } catch (error) {
    return { mistake: error.message };
  }
  const { values, positionals: urls } = parsed;
  if (values.help || values.check) return values;
  for (const name of Object.keys(numbers)) {
    if (!(Number(values[name]) > 0)) return { mistake: `--${name} is a number above zero, not '${values[name]}'` };
  }
  if (!Number.isInteger(Number(values.limit))) return { mistake: `--limit is a whole number, not '${values.limit}'` };
  const bad = urls.find((url) => !URL.canParse(url));
  if (bad !== undefined) return { mistake: `'${bad}' is not a URL` };
  if (urls.length === 0) return { mistake: 'there is no URL to fetch' };
  return { urls, limit: Number(values.limit), timeoutMs: Number(values.timeout), totalMs: Number(values.total) };
}
