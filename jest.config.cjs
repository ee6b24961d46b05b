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
  // The tests of the linter's rules fill a heap with a compiler; those that collect garbage would pay for it afterwards.
  workerIdleMemoryLimit: '700MB',
};
