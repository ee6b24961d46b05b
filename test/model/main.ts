// Plays many programs, or one with its trace:
//
//   npm run model -- [--seeds N] [--from N] [--seed N]
import { check, KINDS, programFor, traced } from './checker';

const MOST_FINDINGS = 5;

function option(name: string): string | undefined {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? undefined : process.argv[at + 1];
}

async function replay(seed: number): Promise<number> {
  const { text, fault } = await traced(programFor(seed, KINDS));
  console.log(text);
  if (fault === null) {
    console.log('1 passed, 0 failed');
    return 0;
  }
  console.log(`\n${fault.message}\n\nmade smaller:\n${(await check(seed))?.report}`);
  console.log('0 passed, 1 failed');
  return 1;
}

async function playMany(from: number, count: number): Promise<number> {
  const failed = new Set<string>();
  let [seed, findings] = [from, 0];
  for (; seed < from + count && findings < MOST_FINDINGS; seed++) {
    const finding = await check(seed);
    if (finding === null) continue;
    findings++;
    failed.add(programFor(seed, KINDS).subject);
    console.log(`npm run model -- --seed ${seed}: ${finding.message}\n${finding.report}\n`);
  }
  console.log(`${seed - from} programs, of the seeds ${from} to ${seed - 1}; ${findings} did not do what the model does`);
  // A primitive counts as one test.
  console.log(`${KINDS.size - failed.size} passed, ${failed.size} failed`);
  return findings === 0 ? 0 : 1;
}

async function main(): Promise<void> {
  const seed = option('seed');
  const [from, count] = [Number(option('from') ?? 1), Number(option('seeds') ?? 1_000)];
  process.exitCode = seed === undefined ? await playMany(from, count) : await replay(Number(seed));
}

void main();
