// Loads effect.
'use strict';
require('effect');
