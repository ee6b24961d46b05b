// Turns the built declarations of the surfaces into text: one entry for each public name, sorted, without comments and
// without what is private. Members are sorted as well, so that moving code about changes nothing here.
import path from 'node:path';
import ts from 'typescript';

const PRINTER = ts.createPrinter({ removeComments: true, newLine: ts.NewLineKind.LineFeed });
const HIDDEN = new Set([ts.SyntaxKind.ExportKeyword, ts.SyntaxKind.DeclareKeyword, ts.SyntaxKind.DefaultKeyword]);
const OPTIONS = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.Node16,
  moduleResolution: ts.ModuleResolutionKind.Node16,
  // Only names of ours are looked up: what others declare is shown as it is written.
  noLib: true,
  types: [],
};
const { Class, Enum, Interface, TypeAlias, Variable } = ts.SymbolFlags;
const DECLARED = Class | Enum | Interface | TypeAlias | Variable;

/**
 * `surfaces`: for each public entry its name and the path of its declarations. `inside`: the folder whose declarations
 * are ours. Returns: the text. Throws: an Error if a file is missing or exports nothing.
 */
export function describeSurfaces(surfaces, inside) {
  const program = ts.createProgram(surfaces.map(({ file }) => file), OPTIONS);
  const checker = program.getTypeChecker();
  const read = surfaces.map(({ name, file }) => ({ name, exported: exportsOf(program, checker, file) }));
  const known = new Set(read.flatMap(({ exported }) => exported.map(({ symbol }) => symbol)));
  const isBehind = (symbol) =>
    !known.has(symbol) &&
    (symbol.flags & DECLARED) !== 0 &&
    (symbol.declarations ?? []).some((node) => isInside(node, inside));
  const behind = [];
  const sections = read.map(({ name, exported }) => {
    const entries = exported.map((entry) => describe(entry, checker, isBehind, behind));
    return section(`'${name}'`, entries);
  });
  const hidden = behindNames(behind, checker, isBehind);
  if (hidden.length > 0) sections.push(section('not exported, and part of what is', hidden));
  return sections.join('\n');
}

function section(title, entries) {
  return [`## ${title}`, '', ...entries.flatMap((entry) => [entry, ''])].join('\n');
}

function exportsOf(program, checker, file) {
  const source = program.getSourceFile(file) ?? fail(`${file} is not there: run npm run build`);
  const module = checker.getSymbolAtLocation(source);
  const symbols = module === undefined ? [] : checker.getExportsOfModule(module);
  if (symbols.length === 0) fail(`${file} exports nothing: is the build complete?`);
  return symbols
    .map((symbol) => ({ name: symbol.getName(), symbol: resolve(checker, symbol) }))
    .sort((a, b) => order(a.name, b.name));
}

function fail(message) {
  throw new Error(message);
}

function resolve(checker, symbol) {
  return (symbol.flags & ts.SymbolFlags.Alias) === 0 ? symbol : checker.getAliasedSymbol(symbol);
}

function isInside(node, folder) {
  return path.resolve(node.getSourceFile().fileName).startsWith(path.resolve(folder) + path.sep);
}

function order(a, b) {
  return a < b ? -1 : Number(a > b);
}

/** Names that no surface exports, but that exported ones are made of: base classes, mostly. */
function behindNames(found, checker, isBehind) {
  const texts = new Map();
  while (found.length > 0) {
    const symbol = found.pop();
    if (texts.has(symbol)) continue;
    texts.set(symbol, '');
    texts.set(symbol, describe({ name: symbol.getName(), symbol }, checker, isBehind, found));
  }
  return [...texts].sort(([a], [b]) => order(a.getName(), b.getName())).map(([, text]) => text);
}

function describe({ name, symbol }, checker, isBehind, behind) {
  const declarations = (symbol.declarations ?? []).map(publicPart);
  for (const { mentions } of declarations) for (const node of mentions) note(node, checker, isBehind, behind);
  const texts = declarations.map(({ shown, source }) => PRINTER.printNode(ts.EmitHint.Unspecified, shown, source));
  const renamed = name === symbol.getName() ? [] : [`// exported as ${name}`];
  return [...renamed, ...deprecation(symbol), ...texts.map(oneStatement)].join('\n');
}

function note(node, checker, isBehind, behind) {
  const symbol = checker.getSymbolAtLocation(node);
  if (symbol !== undefined && isBehind(resolve(checker, symbol))) behind.push(resolve(checker, symbol));
}

function deprecation(symbol) {
  return symbol.getJsDocTags().some(({ name }) => name === 'deprecated') ? ['// deprecated'] : [];
}

function oneStatement(text) {
  return text.endsWith('}') || text.endsWith(';') ? text : `${text};`;
}

/** A declaration as users see it, and the names of types that it mentions. */
function publicPart(declaration) {
  const source = declaration.getSourceFile();
  const shown = withoutPrivates(declaration);
  const mentions = [];
  const visit = (node) => {
    if (ts.isTypeReferenceNode(node)) mentions.push(node.typeName);
    if (ts.isExpressionWithTypeArguments(node)) mentions.push(node.expression);
    if (ts.isImportTypeNode(node) && node.qualifier !== undefined) mentions.push(node.qualifier);
    ts.forEachChild(node, visit);
  };
  // The nodes below are those of the source, also where the one above them is new.
  visit(shown);
  return { shown, source, mentions };
}

function withoutPrivates(node) {
  const { factory } = ts;
  const modifiers = node.modifiers?.filter(({ kind }) => !HIDDEN.has(kind));
  if (ts.isClassDeclaration(node)) {
    const { name, typeParameters, heritageClauses } = node;
    return factory.updateClassDeclaration(node, modifiers, name, typeParameters, heritageClauses, membersOf(node));
  }
  if (ts.isInterfaceDeclaration(node)) {
    const { name, typeParameters, heritageClauses } = node;
    return factory.updateInterfaceDeclaration(node, modifiers, name, typeParameters, heritageClauses, sorted(node.members));
  }
  if (ts.isFunctionDeclaration(node)) {
    const { asteriskToken, name, typeParameters, parameters, type } = node;
    return factory.updateFunctionDeclaration(
      node, modifiers, asteriskToken, name, typeParameters, parameters, type, undefined,
    );
  }
  if (ts.isTypeAliasDeclaration(node)) {
    return factory.updateTypeAliasDeclaration(node, modifiers, node.name, node.typeParameters, node.type);
  }
  return ts.isVariableDeclaration(node) ? asConstant(node) : node;
}

function asConstant(node) {
  const list = ts.factory.createVariableDeclarationList([node], ts.NodeFlags.Const);
  return ts.factory.createVariableStatement([], list);
}

// One mark stands for all that is private: it makes the class one of its own, and the rest is nobody's business.
function membersOf(node) {
  const isPrivate = (member) =>
    (ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Private) !== 0 || ts.isPrivateIdentifier(member.name ?? node);
  const open = sorted(node.members.filter((member) => !isPrivate(member)));
  if (open.length === node.members.length) return open;
  const { factory } = ts;
  const mark = factory.createPrivateIdentifier('#private');
  return [...open, factory.createPropertyDeclaration(undefined, mark, undefined, undefined)];
}

// By name, constructors first; overloads and accessors of one name keep their order.
function sorted(members) {
  const rank = (member) => (ts.isConstructorDeclaration(member) ? '' : (member.name?.getText() ?? '!'));
  return [...members].sort((a, b) => order(rank(a), rank(b)));
}
