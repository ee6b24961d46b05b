'use strict';

// Tests run as compiled JavaScript (test/tsconfig.json writes it to .test-build), so Jest transforms nothing and the
// code under test is what the compiler emits. The addon is loaded once per test file, each file in a realm of its own.
module.exports = {
  roots: ['<rootDir>/.test-build/test'],
  testMatch: ['**/*.test.js'],
  testEnvironment: 'node',
  transform: {},
  modulePathIgnorePatterns: ['<rootDir>/bench/', '<rootDir>/examples/'],
  testTimeout: 20_000,
  maxWorkers: 2,
};
