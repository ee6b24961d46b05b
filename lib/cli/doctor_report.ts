// An examination in words, for people. One fact a line; what is wrong or slow comes last, where the eye is.

import { type BinaryOrigin, PATH_VARIABLE } from '../engine/binary_search.js';
import type { Examination, OpenFiles } from './facts.js';

const WHY: Readonly<Record<BinaryOrigin, string>> = {
  READYLOOP_NATIVE_PATH: `${PATH_VARIABLE} names it`,
  'local build': 'it was built in the package’s folder, which comes before what is shipped',
  prebuilt: 'it is shipped for this target, and nothing was built here',
  'beside the program': 'it lies beside the program that runs',
};

const WIDTH = 18;

/** Returns: the report, without a line break at its end. */
export function describeExamination(found: Examination): string {
  const rows: [string, string][] = [
    ['readyloop', `${found.version}${found.package === null ? '' : ` in ${found.package}`}`],
    ['runtime', found.runtime],
    ['target', `${found.target}${found.libc === null ? '' : ` (${found.libc})`}, ${found.kernel}`],
    ['binary', found.binary === null ? 'none' : `${found.binary.path} (${found.binary.bytes} bytes)`],
    ...(found.binary === null ? [] : [['because', WHY[found.binary.origin]] satisfies [string, string]]),
    ['selector', selectorLine(found)],
    ['driver', driverLine(found)],
    ['kernel', featureLine(found.kernelFeatures)],
    ['open files', limitLine(found.openFiles)],
    ['debug mode', found.debug ? 'on' : 'off'],
    ['environment', Object.entries(found.environment).map((pair) => pair.join('=')).join(' ') || 'nothing set'],
  ];
  const lines = rows.map(([name, value]) => `${name.padEnd(WIDTH)}${value}`);
  return [...lines, '', ...verdict(found)].join('\n');
}

function selectorLine({ selector, selectors }: Examination): string {
  if (selector === null) return 'none';
  const others = selectors.filter((name) => name !== selector);
  return others.length === 0 ? selector : `${selector} (also in this binary: ${others.join(', ')})`;
}

const DRIVERS: Readonly<Record<string, string>> = {
  uv: 'uv: hosted runs are driven by libuv, the loop of this runtime',
  poller: 'poller: hosted runs are driven by a thread that waits, as this runtime has no libuv or was told so',
};

function driverLine({ driver, drivers }: Examination): string {
  if (driver === null) return 'none';
  const others = drivers.filter((name) => name !== driver);
  return `${DRIVERS[driver] ?? driver}${others.length === 0 ? '' : ` (also works here: ${others.join(', ')})`}`;
}

function featureLine(features: Readonly<Record<string, boolean>>): string {
  const names = Object.entries(features).map(([name, isThere]) => `${name} ${isThere ? 'yes' : 'no'}`);
  return names.length === 0 ? 'nothing that is optional is known' : names.join(', ');
}

function limitLine(limits: OpenFiles | null): string {
  if (limits === null) return 'unknown';
  const { soft, hard } = limits;
  return `${soft ?? 'unlimited'}${soft === hard ? '' : ` (at most ${hard ?? 'unlimited'})`}`;
}

function verdict({ problem, slow }: Examination): string[] {
  if (problem !== null) return [`It does not work${problem.code === null ? '' : ` (${problem.code})`}:`, problem.message];
  if (slow.length === 0) return ['A loop runs here. Nothing found that would be slow.'];
  return ['A loop runs here. What would be slow:', ...slow.map(({ what, why, remedy }) => `- ${what}: ${why}. ${remedy}.`)];
}
