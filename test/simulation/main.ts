// Many seeds for the planted bugs: npm run explore -- [--seeds N]. Each of them has to be found within a thousand seeds,
// and each correct twin has to survive them all (10,000 by default).
//
// With --golden: writes golden_trace.json anew; see golden.ts.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { explore, simulate } from '../../lib/testing';
import { root } from '../contracts/rules/source_tree';
import { golden, goldenOptions } from './golden';
import { PLANTED } from './planted';

const FOUND_WITHIN = 1_000;

function failureOf(exploration: Promise<unknown>): Promise<Error | null> {
  return exploration.then(() => null, (error: unknown) => error as Error);
}

async function main(): Promise<void> {
  const at = process.argv.indexOf('--seeds');
  const seeds = at === -1 ? 10_000 : Number(process.argv[at + 1]);
  let [passed, failed] = [0, 0];
  for (const { name, failure, broken, correct, options } of PLANTED) {
    const found = await failureOf(explore(broken, { ...options, seeds: FOUND_WITHIN }));
    const isFound = found !== null && failure.test(String((found.cause as Error | undefined)?.message));
    console.log(`${name}: ${found === null ? 'not found' : found.message.split('\n')[0]}`);
    const survived = await failureOf(explore(correct, { ...options, seeds }));
    console.log(`  the correct twin ${survived === null ? `survives ${seeds} seeds` : `does not: ${survived.message}`}`);
    passed += Number(isFound) + Number(survived === null);
    failed += Number(!isFound) + Number(survived !== null);
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

async function writeGolden(): Promise<void> {
  const { trace } = await simulate(golden, goldenOptions);
  const choices = trace.choices.map((choice) => JSON.stringify(choice));
  const text = JSON.stringify({ ...trace, choices }, null, 1);
  writeFileSync(path.join(root, 'test', 'simulation', 'golden_trace.json'), `${text}\n`);
}

void (process.argv.includes('--golden') ? writeGolden() : main());
