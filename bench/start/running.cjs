// Loads the library and uses it once, so its binary is loaded and a loop is made.
'use strict';
require(process.argv[2]).run(function* () {});
