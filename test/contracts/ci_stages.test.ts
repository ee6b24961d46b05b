// Contract: a stage of the CI ends when its program ends or its time is up, whatever it leaves behind, and the closing
// lines say what passed, what failed and what was not run.
import { spawnSync } from 'node:child_process';
import { root } from './rules/source_tree';

interface Run {
  readonly status: number | null;
  readonly lines: string[];
}

/** Runs a script that has the stages. It would last as long as its pipe is open. */
function script(text: string): Run {
  const program = `set -uo pipefail\n. scripts/ci_stages.sh\n${text}\n`;
  const { status, stdout } = spawnSync('bash', ['-c', program], { cwd: root, encoding: 'utf8' });
  return { status, lines: stdout.trimEnd().split('\n') };
}

// `timeout`, `setsid` and a `tail` that knows --pid are Linux's, as .ci/run is.
const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux('ci stages: what a stage prints is shown, its tests are counted, and the last line says how many', () => {
  const { status, lines } = script(`
    stage one 60 echo '3 passed, 0 failed'
    stage two 60 bash -c 'echo no count; echo on stderr >&2'
    conclude`);
  expect(status).toBe(0);
  expect(lines.slice(0, 5)).toEqual(['=== one', '3 passed, 0 failed', '=== two', 'no count', 'on stderr']);
  expect(lines).toContainEqual(expect.stringMatching(/^one +\d+s +3 passed +0 failed$/));
  expect(lines.at(-1)).toBe('4 passed, 0 failed');
});

onLinux('ci stages: a stage that fails is named, the next one goes on, and the exit status tells', () => {
  const { status, lines } = script('stage one 60 bash -c "exit 3"\nstage two 60 true\nconclude');
  expect(status).toBe(1);
  expect(lines.slice(-2)).toEqual(['failed: one (exit status 3)', '1 passed, 1 failed']);
});

onLinux('ci stages: nothing that passed is a failure', () => {
  expect(script('stage one 60 echo "0 passed, 0 failed"\nconclude').status).toBe(1);
});

onLinux('ci stages: what was not run is told before the last line, with its reason', () => {
  const { status, lines } = script(`
    stage one 60 printf 'not run: bun: it is not here\\n2 passed, 0 failed\\n'
    conclude`);
  expect(status).toBe(0);
  expect(lines.slice(-2)).toEqual(['not run: one: bun: it is not here', '2 passed, 0 failed']);
});

onLinux('ci stages: nobody waits for a child that keeps the output of a stage open, and it is ended', () => {
  const { status, lines } = script(`
    stage one 60 bash -c 'sleep 3600 & echo $!'
    left=$(sed -n 1p "$logs/log")
    kill -0 "$left" 2>/dev/null && state=$(cut -d' ' -f3 "/proc/$left/stat" 2>/dev/null)
    echo "left: \${state:-none}"`);
  expect(status).toBe(0);
  // Where nobody collects what has ended, it stays as a zombie.
  expect(lines.at(-1)).toMatch(/^left: (none|Z)$/);
});

onLinux('ci stages: nobody waits for a child that has left the session of its stage', () => {
  const { lines } = script(`
    stage one 60 bash -c 'read -r pid < <(setsid bash -c "echo \\$\\$; exec sleep 3600 >&2"); echo $pid'
    kill "$(sed -n 1p "$logs/log")" && echo 'it went on'`);
  expect(lines.at(-1)).toBe('it went on');
});

onLinux('ci stages: a stage whose time is up has failed, and its children end with it', () => {
  const { status, lines } = script(`
    stage one 0.2 bash -c 'sleep 3600 & echo $!; wait'
    left=$(sed -n 1p "$logs/log")
    kill -0 "$left" 2>/dev/null && state=$(cut -d' ' -f3 "/proc/$left/stat" 2>/dev/null)
    echo "left: \${state:-none}"
    conclude`);
  expect(status).toBe(1);
  expect(lines).toContainEqual(expect.stringMatching(/^left: (none|Z)$/));
  expect(lines.slice(-2)).toEqual(['failed: one (exit status 124)', '0 passed, 1 failed']);
});
