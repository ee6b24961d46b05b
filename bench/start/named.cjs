// Loads the library and takes the names that every program takes, so its core is loaded.
'use strict';
const { run, sleep } = require(process.argv[2]);
if (typeof run !== 'function' || typeof sleep !== 'function') process.exitCode = 1;
