'use strict';

const path = require('node:path');

// Tests run as compiled JavaScript (test/tsconfig.json writes it to .test-build, with a copy of lib/ beside them), so
// Jest transforms nothing. That copy stands one folder deeper than dist/, hence the explicit path to the addon; workers
// and child processes inherit it.
process.env.READYLOOP_NATIVE_PATH ??= path.join(__dirname, 'build', 'Release', 'readyloop.node');

module.exports = {
  roots: ['<rootDir>/.test-build/test'],
  testMatch: ['**/*.test.js'],
  testEnvironment: 'node',
  transform: {},
  modulePathIgnorePatterns: ['<rootDir>/bench/', '<rootDir>/examples/'],
  testTimeout: 20_000,
  maxWorkers: 2,
};
