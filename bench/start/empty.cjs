// A program that loads nothing.
'use strict';
