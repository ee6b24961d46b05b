// Contract: one concept per file, so no source file exceeds 400 lines, and no function of lib/ or native/ exceeds 60.
// An exception stands in a list below, with the reason for which this one place is better longer.
import { functionsOf } from './rules/cpp_scanner';
import { findLongFiles, findLongFunctions, lineCount } from './rules/sizes';
import { readTree, report } from './rules/source_tree';

const maxFileLines = 400;
const maxFunctionLines = 60;
/** path -> reason */
const longFiles: Readonly<Record<string, string>> = {};
/** `path name` -> reason */
const longFunctions: Readonly<Record<string, string>> = {};

const endings = ['.ts', '.mts', '.cts', '.mjs', '.cjs', '.js', '.h', '.cc', '.cpp', '.sh'];
const sources = readTree(['lib', 'native', 'bench', 'scripts', 'examples', 'test'], endings);
const product = sources.filter((file) => /^(lib\/.*\.ts|native\/.*\.(h|cc|cpp))$/.test(file.path));

describe('the rules', () => {
  test('file size: a final line break begins no line', () => {
    expect([lineCount('a\nb\n'), lineCount('a\nb'), lineCount('')]).toEqual([2, 2, 1]);
  });

  test('file size: a file over the limit is found, unless a reason is given', () => {
    const files = [{ path: 'a.ts', text: 'x\n'.repeat(401) }, { path: 'b.ts', text: 'x\n'.repeat(400) }];
    expect(report(findLongFiles(files, maxFileLines))).toEqual(['a.ts: 401 lines, more than 400']);
    expect(findLongFiles(files, maxFileLines, { 'a.ts': 'a table of error numbers' })).toEqual([]);
  });

  test('file size: long functions of TypeScript are found, methods and arrows too', () => {
    const body = '  x();\n'.repeat(59);
    const text = `function f() {\n${body}}\nclass C { m() {\n${body}} }\nconst g = () => {\n${body}};\n`;
    const names = findLongFunctions([{ path: 'a.ts', text }], maxFunctionLines).map(({ what }) => what.split(' ')[0]);
    expect(names).toEqual(['f', 'm', '(anonymous)']);
    expect(findLongFunctions([{ path: 'a.ts', text }], maxFunctionLines + 1)).toEqual([]);
    expect(findLongFunctions([{ path: 'a.ts', text }], maxFunctionLines, { 'a.ts f': 'a reason' })).toHaveLength(2);
  });

  test('file size: functions of C++ are told from blocks, types, literals and lambdas', () => {
    const text = [
      'namespace readyloop::base {  // a comment with a {',
      'struct Point { int x{0}; int sum() const noexcept { return x; } };',
      'enum class Direction : std::uint8_t { kRead, kWrite };',
      'Loop::Loop(int a) : a_(a), b_{a} {',
      '  if (a > 1\'000) { run("}"); }',
      '  auto later = [&](int x) { return x; };',
      '}',
      'template <typename T>',
      'auto pick(T t) -> int {',
      '  return R"({{{)"[0];',
      '}',
      'constexpr int kTable[] = {1, 2};',
      '#define OPEN {',
      '}  // namespace readyloop::base',
    ].join('\n');
    expect(functionsOf({ path: 'a.cc', text })).toEqual([
      { name: 'sum', first: 2, last: 2 },
      { name: 'Loop::Loop', first: 4, last: 7 },
      { name: 'pick', first: 8, last: 11 },
    ]);
  });

  test('file size: a long function of C++ is found', () => {
    const text = `int f(int x) {\n${'  ++x;\n'.repeat(59)}}\n`;
    expect(report(findLongFunctions([{ path: 'native/a.cc', text }], maxFunctionLines))).toEqual([
      'native/a.cc:1: f has 61 lines, more than 60',
    ]);
  });
});

describe('the tree', () => {
  test('file size: no source file exceeds 400 lines', () => {
    expect(sources.length).toBeGreaterThan(0);
    expect(report(findLongFiles(sources, maxFileLines, longFiles))).toEqual([]);
  });

  test('file size: no function of lib or native exceeds 60 lines', () => {
    expect(product.length).toBeGreaterThan(0);
    expect(report(findLongFunctions(product, maxFunctionLines, longFunctions))).toEqual([]);
  });

  test('file size: every exception names a file that still exists', () => {
    const paths = new Set(sources.map((file) => file.path));
    const named = [...Object.keys(longFiles), ...Object.keys(longFunctions).map((key) => key.split(' ')[0] ?? '')];
    expect(named.filter((path) => !paths.has(path))).toEqual([]);
  });
});
