// Which names of a file are the library's: by `import`, or by `require` at the top of the file. Names are looked up
// through the scopes, so one that is covered by a parameter of the same name is not taken for an import.

import { findVariable, type Fix, type Fixer, type RuleContext, type SourceCode, type Variable } from './context.js';
import { bare, is, type Node, type NodeOf, propertyName } from './syntax.js';

const OWN_MODULES = ['readyloop', 'readyloop/testing'];
/** Stands for the whole module, as in `import * as readyloop`. */
const WHOLE = '*';

interface Binding {
  /** The name that the library exports, or WHOLE. */
  readonly exported: string;
  readonly local: string;
}

/** The modules that count as the library: its own, and those that `settings.readyloop.modules` names. */
export function modulesOf(context: RuleContext): ReadonlySet<string> {
  const settings = context.settings['readyloop'] as { readonly modules?: unknown } | undefined;
  const more = Array.isArray(settings?.modules) ? (settings.modules as unknown[]) : [];
  return new Set([...OWN_MODULES, ...more.filter((name) => typeof name === 'string')]);
}

export class Imports {
  readonly #source: SourceCode;
  readonly #modules: ReadonlySet<string>;
  readonly #bindings: readonly Binding[];

  constructor(source: SourceCode, modules: ReadonlySet<string>) {
    this.#source = source;
    this.#modules = modules;
    this.#bindings = source.ast.body.flatMap((statement) => this.#bindingsOf(statement));
  }

  /** True if the file takes anything from the library. */
  get isUsed(): boolean {
    return this.#bindings.length > 0;
  }

  /** The library's name for what an expression names: `sleep` for `sleep`, `pause` or `readyloop.sleep`; or null. */
  exportedName(expression: Node): string | null {
    const node = bare(expression);
    if (is(node, 'MemberExpression')) {
      const object = bare(node.object);
      return is(object, 'Identifier') && this.#nameOf(object) === WHOLE ? propertyName(node) : null;
    }
    if (!is(node, 'Identifier')) return null;
    const name = this.#nameOf(node);
    return name === WHOLE ? null : name;
  }

  /** How this file writes an exported name; null where it has not imported it. */
  localName(exported: string): string | null {
    const direct = this.#bindings.find((binding) => binding.exported === exported);
    if (direct !== undefined) return direct.local;
    const whole = this.#bindings.find((binding) => binding.exported === WHOLE);
    return whole === undefined ? null : `${whole.local}.${exported}`;
  }

  /** A fix that imports one more name; null where there is no `import { … }` of values that could be made longer. */
  addition(exported: string): ((fixer: Fixer) => Fix) | null {
    for (const statement of this.#source.ast.body) {
      if (!is(statement, 'ImportDeclaration') || statement.importKind === 'type') continue;
      const last = statement.specifiers.at(-1);
      if (!this.#modules.has(statement.source.value) || !is(last, 'ImportSpecifier')) continue;
      return (fixer) => fixer.insertTextAfter(last, `, ${exported}`);
    }
    return null;
  }

  #bindingsOf(statement: Node): Binding[] {
    if (is(statement, 'ImportDeclaration')) {
      if (!this.#modules.has(statement.source.value) || statement.importKind === 'type') return [];
      return statement.specifiers.map((specifier) => ({ exported: importedBy(specifier), local: specifier.local.name }));
    }
    if (!is(statement, 'VariableDeclaration')) return [];
    return statement.declarations.flatMap((declarator) => this.#requiredBy(declarator));
  }

  #requiredBy({ id, init }: NodeOf<'VariableDeclarator'>): Binding[] {
    if (init === null || !this.#isRequire(init)) return [];
    if (is(id, 'Identifier')) return [{ exported: WHOLE, local: id.name }];
    if (!is(id, 'ObjectPattern')) return [];
    return id.properties.flatMap((property) => {
      if (!is(property, 'Property') || !is(property.key, 'Identifier') || property.computed) return [];
      const local = is(property.value, 'AssignmentPattern') ? property.value.left : property.value;
      return is(local, 'Identifier') ? [{ exported: property.key.name, local: local.name }] : [];
    });
  }

  // `require('readyloop')`, or `await import('readyloop')`.
  #isRequire(init: Node): boolean {
    const awaited = is(init, 'AwaitExpression') ? bare(init.argument) : bare(init);
    if (is(awaited, 'ImportExpression')) return this.#isModule(awaited.source);
    if (!is(awaited, 'CallExpression') || !is(awaited.callee, 'Identifier')) return false;
    return awaited.callee.name === 'require' && this.#isModule(awaited.arguments[0]);
  }

  #isModule(node: Node | undefined): boolean {
    return is(node, 'Literal') && typeof node.value === 'string' && this.#modules.has(node.value);
  }

  #nameOf(identifier: NodeOf<'Identifier'>): string | null {
    const variable = findVariable(this.#source, identifier);
    if (variable === null) return null;
    const binding = this.#bindings.find(({ local }) => local === identifier.name);
    return binding !== undefined && this.#isBoundAtTop(variable) ? binding.exported : null;
  }

  #isBoundAtTop(variable: Variable): boolean {
    return variable.defs.some(({ type, node, parent }) => {
      const statement = parent ?? node.parent;
      if (type === 'ImportBinding') return is(statement, 'ImportDeclaration') && this.#modules.has(statement.source.value);
      return type === 'Variable' && is(node, 'VariableDeclarator') && node.init !== null && this.#isRequire(node.init);
    });
  }
}

function importedBy(specifier: NodeOf<'ImportDeclaration'>['specifiers'][number]): string {
  if (!is(specifier, 'ImportSpecifier')) return WHOLE;
  return is(specifier.imported, 'Identifier') ? specifier.imported.name : specifier.imported.value;
}
