// The one tool of the type tests: `expectType<Expected>()(value)` compiles only if the type of `value` is exactly
// Expected, so neither a wider type nor `any` passes.

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

export declare function expectType<Expected>(): <Actual>(
  value: Actual,
  ...proof: Same<Actual, Expected> extends true ? [] : [mismatch: { expected: Expected; actual: Actual }]
) => void;

// The tool itself must be able to fail.
declare const anything: any;
expectType<number>()(1 as number);
// @ts-expect-error -- a wider type is not the same type
expectType<number>()(1 as number | string);
// @ts-expect-error -- `any` is not a number
expectType<number>()(anything);
