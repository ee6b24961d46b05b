// Which version of the package this is. A constant and not a look into package.json, because bundled code has none
// beside it; a contract test compares the two.

/** @internal */
export const VERSION = '0.1.0';
