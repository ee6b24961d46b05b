// Loads the library: the file comes as an argument, because another build may be measured.
'use strict';
require(process.argv[2]);
