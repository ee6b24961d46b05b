// What `run.mjs` was asked for on its command line.
import { parseArgs } from 'node:util';

export const USAGE = `npm run bench -- [name…] [--runs N] [--quick] [--json FILE]
  name…        only these programs
  --runs N     how often each program runs, in a fresh process each time (default 5, quick 1)
  --quick      rougher figures within a minute
  --json FILE  where to write all figures (default: a new file in bench/results/)`;

/** Returns: the options, checked against the programs there are. Throws: an Error that says what is wrong. */
export function readOptions(args, programs) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      runs: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const unknown = positionals.filter((name) => !programs.includes(name));
  if (unknown.length > 0) throw new Error(`no program ${unknown.join(', ')}; there are ${programs.join(', ')}`);
  const runs = Number(values.runs ?? (values.quick ? 1 : 5));
  if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs takes a positive whole number, not ${values.runs}`);
  const chosen = positionals.length === 0 ? programs : programs.filter((name) => positionals.includes(name));
  return { programs: chosen, runs, quick: values.quick, json: values.json ?? null, help: values.help };
}
