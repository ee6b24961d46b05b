// What the compiler knows of an expression, where ESLint was given a TypeScript project: whether it is something to
// await, and of which kind. The library is recognised by the brand of what its coroutines yield, so it does not matter
// from where, or under which name, something was imported. The compiler itself is never loaded from here.

import type * as ts from 'typescript';
import type { SourceCode } from './context.js';
import { type Kind, isOurs } from './known_calls.js';
import type { Node } from './syntax.js';

/** `undefined`: the compiler does not know either. */
export type KnownKind = Kind | null | undefined;

// Symbols of properties whose names are unique symbols: `__@name@id`, `@id` only where it is no symbol of JavaScript's.
const BRAND = /^__@suspensionBrand(@|$)/;
const ITERATOR = /^__@iterator(@|$)/;
const ASYNC_ITERATOR = /^__@asyncIterator(@|$)/;

export class Types {
  readonly #checker: ts.TypeChecker;
  readonly #nodes: { get(node: Node): ts.Node | undefined };

  private constructor(checker: ts.TypeChecker, nodes: { get(node: Node): ts.Node | undefined }) {
    this.#checker = checker;
    this.#nodes = nodes;
  }

  /** Null where the parser has no project. */
  static of(source: SourceCode): Types | null {
    const { program, esTreeNodeToTSNodeMap: nodes } = source.parserServices ?? {};
    return program === null || program === undefined || nodes === undefined
      ? null
      : new Types(program.getTypeChecker(), nodes);
  }

  kindOf(expression: Node): KnownKind {
    const type = this.#typeAt(expression);
    return type === undefined ? undefined : this.#kindOf(type);
  }

  /** What a call of this function gives; for a value that is no function, null. */
  kindOfResult(fn: Node): KnownKind {
    const type = this.#typeAt(fn);
    if (type === undefined || this.#isOpen(type)) return undefined;
    const kinds = type.getCallSignatures().map((signature) => this.#kindOf(signature.getReturnType()));
    return kinds.length === 0 ? null : (kinds.find((kind) => isOurs(kind ?? null)) ?? kinds[0]);
  }

  /** Of a list, or anything that can be iterated: the kind of its items. */
  kindOfItems(list: Node): KnownKind {
    const type = this.#typeAt(list);
    if (type === undefined || this.#isOpen(type)) return undefined;
    const item = type.getNumberIndexType();
    return item === undefined ? null : this.#kindOf(item);
  }

  /** True for what `for await` takes from the library: a queue, the receiving end of a channel, a subscription. */
  isSource(expression: Node): boolean {
    const type = this.#typeAt(expression);
    const next = type === undefined ? undefined : this.#checker.getPropertyOfType(type, 'next');
    if (type === undefined || next === undefined || this.#propertyLike(type, ASYNC_ITERATOR) === undefined) return false;
    const signatures = this.#checker.getTypeOfSymbol(next).getCallSignatures();
    return signatures.some((signature) => isOurs(this.#kindOf(signature.getReturnType()) ?? null));
  }

  /** True where a function is expected whose result nobody looks at: `() => void`. */
  expectsNoResult(argument: Node): boolean {
    const node = this.#nodes.get(argument);
    const expected = node === undefined ? undefined : this.#checker.getContextualType(node as ts.Expression);
    if (expected === undefined) return false;
    const parts = expected.isUnion() ? expected.types : [expected];
    const signatures = parts.flatMap((part) => part.getCallSignatures());
    return signatures.length > 0 && signatures.every((signature) => this.#named(signature.getReturnType(), 'void'));
  }

  /** True for a call that cannot come back. */
  isNever(expression: Node): boolean {
    const type = this.#typeAt(expression);
    return type !== undefined && this.#named(type, 'never');
  }

  #typeAt(expression: Node): ts.Type | undefined {
    const node = this.#nodes.get(expression);
    return node === undefined ? undefined : this.#checker.getTypeAtLocation(node);
  }

  #kindOf(type: ts.Type): KnownKind {
    if (this.#isOpen(type)) return undefined;
    if (type.isUnion()) {
      const kinds = type.types.map((part) => this.#kindOf(part));
      return kinds.find((kind) => isOurs(kind ?? null)) ?? kinds.find((kind) => kind !== null) ?? null;
    }
    const apparent = this.#checker.getApparentType(type);
    const has = (name: string): boolean => this.#checker.getPropertyOfType(apparent, name) !== undefined;
    if (this.#isOfUnknownItems(apparent)) return undefined;
    if (!this.#isOperation(apparent)) return has('then') ? 'promise' : null;
    if (has('cancelling') && has('join')) return 'task';
    if (has('addDoneCallback')) return 'future';
    return this.#isGenerator(apparent) ? 'coroutine' : 'operation';
  }

  // Its iterator yields suspensions; or it is a generator that yields nothing at all.
  #isOperation(type: ts.Type): boolean {
    const yielded = this.#itemsOf(type);
    if (yielded === undefined) return false;
    const parts = yielded.isUnion() ? yielded.types : [yielded];
    if (parts.some((part) => this.#propertyLike(part, BRAND) !== undefined)) return true;
    return this.#isGenerator(type) && this.#named(yielded, 'never');
  }

  // `Generator<any>`: a coroutine that delegates to what has no type, or anybody's list of anything.
  #isOfUnknownItems(type: ts.Type): boolean {
    const yielded = this.#isGenerator(type) ? this.#itemsOf(type) : undefined;
    return yielded !== undefined && this.#isOpen(yielded);
  }

  #itemsOf(type: ts.Type): ts.Type | undefined {
    const iterator = this.#propertyLike(type, ITERATOR);
    if (iterator === undefined) return undefined;
    const [signature] = this.#checker.getTypeOfSymbol(iterator).getCallSignatures();
    return signature === undefined ? undefined : this.#yieldedBy(signature.getReturnType());
  }

  #yieldedBy(iterator: ts.Type): ts.Type | undefined {
    const isReference = 'target' in iterator; // Also of aliases, such as Coroutine<T>.
    return isReference ? this.#checker.getTypeArguments(iterator as ts.TypeReference)[0] : undefined;
  }

  #isGenerator(type: ts.Type): boolean {
    return type.getSymbol()?.getName() === 'Generator';
  }

  #propertyLike(type: ts.Type, name: RegExp): ts.Symbol | undefined {
    return type.getProperties().find((property) => name.test(property.escapedName as string));
  }

  #isOpen(type: ts.Type): boolean {
    return this.#named(type, 'any') || this.#named(type, 'unknown') || this.#named(type, 'error');
  }

  // By name, because the numbers of flags differ between versions of the compiler.
  #named(type: ts.Type, name: string): boolean {
    return (type as { intrinsicName?: string }).intrinsicName === name;
  }
}
