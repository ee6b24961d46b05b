// Loaded before a program whose memory is wanted: says at its end what the process holds.
'use strict';
process.on('exit', () => process.stdout.write(`${process.memoryUsage.rss()}`));
