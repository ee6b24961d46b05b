// Writes what is in the binaries, prebuilds/sbom.cdx.json: a CycloneDX bill of materials, which ships beside them. It is
// read off what was linked: the names of the sources in each unstripped binary, of which every one has to be known here.
// There are no times or random numbers in it: the same sources give the same list.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import CDX from '@cyclonedx/cyclonedx-library';
import { sourcesOf } from './elf.mjs';
import { RUNTIME_SOURCES } from './runtime.mjs';
import { root, SBOM, targets, unstripped } from './targets.mjs';
import { ZIG } from './toolchain.mjs';

const { Bom, Component, HashDictionary, Property } = CDX.Models;
const { LicenseExpression, LicenseRepository, NamedLicense, SpdxLicense } = CDX.Models;
const { ComponentType, HashAlgorithm } = CDX.Enums;

const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));

/** Whose sources may be in a binary besides ours. */
const LLVM = 'Apache-2.0 WITH LLVM-exception';
const ORIGINS = {
  'libc++': { version: ZIG.llvm, license: LLVM, what: 'the C++ runtime, from the sources in zig' },
  'libc++abi': { version: ZIG.llvm, license: LLVM, what: 'the C++ runtime, from the sources in zig' },
  // A few instructions that begin and end .init and .fini.
  glibc: {
    version: ZIG.version,
    named: 'LGPL-2.1-or-later with permission to link with other programs',
    what: 'start files, from zig',
  },
  musl: { version: ZIG.version, license: 'MIT', what: 'start files, from zig' },
  'compiler-rt': { version: ZIG.version, license: 'MIT', what: 'zig’s own, for what the machine has no instruction for' },
};
function sourcesOfOurs() {
  const lists = JSON.parse(readFileSync(path.join(root, 'native', 'sources.json'), 'utf8'));
  const names = Object.values(lists).flat().map((name) => path.basename(name));
  return new Set([...names, ...readdirSync(path.join(root, 'scripts', 'prebuild', 'runtime'))]);
}

const runtimeOrigin = new Map(
  RUNTIME_SOURCES.map((file) => [path.basename(file), file.startsWith('libcxxabi') ? 'libc++abi' : 'libc++']),
);
const ours = sourcesOfOurs();

/** Whose source this is; null for one of our own. */
function originOf(name, target) {
  if (ours.has(name)) return null;
  if (runtimeOrigin.has(name)) return runtimeOrigin.get(name);
  if (/^compiler_rt\b/.test(name)) return 'compiler-rt';
  throw new Error(`${target.name} contains ${name}, and nobody knows whose it is: add it to scripts/prebuild/sbom.mjs`);
}

/** The foreign sources in a binary, by their origin. Mach-O files name none: there it is what was given to the linker. */
function foreignSources(target) {
  const found = new Map();
  if (target.libc !== null) found.set(target.libc, ['crti', 'crtn']);
  const names =
    target.platform === 'darwin'
      ? [...runtimeOrigin.keys()]
      : sourcesOf(readFileSync(path.join(root, unstripped(target))));
  for (const name of names) {
    const origin = originOf(name, target);
    if (origin !== null) found.set(origin, [...(found.get(origin) ?? []), name]);
  }
  return found;
}

function licensed(license, named) {
  if (named !== undefined) return new LicenseRepository([new NamedLicense(named)]);
  return new LicenseRepository([license.includes(' ') ? new LicenseExpression(license) : new SpdxLicense(license)]);
}

function describeOrigin(origin, names, target) {
  const { version, license, named, what } = ORIGINS[origin];
  const component = new Component(ComponentType.Library, origin, {
    bomRef: `${target.name}/${origin}`,
    version,
    licenses: licensed(license, named),
    description: what,
  });
  component.properties.add(new Property('readyloop:sources', names.join(' ')));
  return component;
}

function describeBinary(target) {
  const bytes = readFileSync(path.join(root, target.file));
  const component = new Component(ComponentType.File, target.file, {
    bomRef: target.name,
    version: manifest.version,
    licenses: licensed(manifest.license),
    hashes: new HashDictionary([[HashAlgorithm['SHA-256'], createHash('sha256').update(bytes).digest('hex')]]),
  });
  for (const [origin, names] of foreignSources(target)) component.components.add(describeOrigin(origin, names, target));
  return component;
}

function describeTools() {
  const tool = (name, version) => new Component(ComponentType.Application, name, { version });
  return [tool('zig', ZIG.version), tool('prebuildify', manifest.devDependencies.prebuildify)];
}

function describe() {
  const bom = new Bom();
  bom.metadata.component = new Component(ComponentType.Library, manifest.name, {
    bomRef: manifest.name,
    version: manifest.version,
    licenses: licensed(manifest.license),
    purl: `pkg:npm/${manifest.name}@${manifest.version}`,
  });
  for (const tool of describeTools()) bom.metadata.tools.components.add(tool);
  for (const target of targets) bom.components.add(describeBinary(target));
  return bom;
}

/** Writes the list for all targets, which have to be built. Returns: a line that says so. */
export function writeSbom() {
  const missing = targets.filter((target) => !existsSync(path.join(root, unstripped(target))));
  if (missing.length > 0) throw new Error(`the list needs all binaries, and ${missing[0].name} is not built`);
  const format = new CDX.Serialize.JSON.Normalize.Factory(CDX.Spec.Spec1dot6);
  const text = new CDX.Serialize.JsonSerializer(format).serialize(describe(), { sortLists: true, space: 2 });
  writeFileSync(path.join(root, SBOM), `${text}\n`);
  return `${SBOM}: ${targets.length} binaries`;
}

/** What is wrong with the list; null for nothing. It has to follow its format, and to be about the binaries in `folder`. */
export async function judgeSbom(folder) {
  const file = path.join(folder, SBOM);
  if (!existsSync(file)) return `no ${SBOM}: npm run prebuild`;
  const text = readFileSync(file, 'utf8');
  const invalid = await new CDX.Validation.JsonStrictValidator(CDX.Spec.Version.v1dot6).validate(text);
  if (invalid !== null) return JSON.stringify(invalid);
  const { components } = JSON.parse(text);
  const hashes = new Map(components.map(({ name, hashes: [hash] }) => [name, hash.content]));
  const wrong = targets.filter(({ file: name }) => {
    return createHash('sha256').update(readFileSync(path.join(folder, name))).digest('hex') !== hashes.get(name);
  });
  return wrong.length === 0 ? null : `it is about other binaries than ${wrong.map(({ name }) => name).join(', ')}`;
}
