// Loads the native binary of better-sqlite3, and nothing around it.
'use strict';
require(process.argv[2]);
