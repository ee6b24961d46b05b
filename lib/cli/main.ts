#!/usr/bin/env node
// `npx readyloop`: the file that package.json names as the command. It starts the command and sets the exit status.

import '../base/node_version.js'; // First: an older Node cannot parse the rest, and is told so here.

import { runCommand } from './commands.js';
import { processTerminal } from './terminal.js';

void runCommand(process.argv.slice(2), processTerminal()).then((status) => {
  process.exitCode = status;
});
