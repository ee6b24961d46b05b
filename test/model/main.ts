// Plays many programs, or one with its trace:
//
//   npm run model -- [--scopes] [--seeds N] [--from N] [--seed N]
//
// With `--scopes` they are about scopes and cancellation instead of the primitives.
import { check, KINDS, programFor, traced } from './checker';
import { checkScopes, scopeProgramFor, tracedScopes } from './scope_checker';

const MOST_FINDINGS = 5;

function option(name: string): string | undefined {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? undefined : process.argv[at + 1];
}

const isAboutScopes = process.argv.includes('--scopes');
const checkOne = isAboutScopes ? checkScopes : check;
const programOne = isAboutScopes ? scopeProgramFor : (seed: number) => programFor(seed, KINDS);
const command = `npm run model --${isAboutScopes ? ' --scopes' : ''}`;

async function replay(seed: number): Promise<number> {
  const { text, fault } = await (isAboutScopes ? tracedScopes : traced)(programOne(seed));
  console.log(text);
  if (fault === null) {
    console.log('1 passed, 0 failed');
    return 0;
  }
  console.log(`\n${fault.message}\n\nmade smaller:\n${(await checkOne(seed))?.report}`);
  console.log('0 passed, 1 failed');
  return 1;
}

async function playMany(from: number, count: number): Promise<number> {
  const failed = new Set<string>();
  let [seed, findings] = [from, 0];
  for (; seed < from + count && findings < MOST_FINDINGS; seed++) {
    const finding = await checkOne(seed);
    if (finding === null) continue;
    findings++;
    failed.add(programOne(seed).subject);
    console.log(`${command} --seed ${seed}: ${finding.message}\n${finding.report}\n`);
  }
  console.log(`${seed - from} programs, of the seeds ${from} to ${seed - 1}; ${findings} did not do what the model does`);
  // A primitive counts as one test.
  console.log(`${(isAboutScopes ? 1 : KINDS.size) - failed.size} passed, ${failed.size} failed`);
  return findings === 0 ? 0 : 1;
}

async function main(): Promise<void> {
  const seed = option('seed');
  const [from, count] = [Number(option('from') ?? 1), Number(option('seeds') ?? 1_000)];
  process.exitCode = seed === undefined ? await playMany(from, count) : await replay(Number(seed));
}

void main();
