// The version of this package, for those who ask the plugin; a contract test holds it equal to package.json.

export const VERSION = '0.1.0';
