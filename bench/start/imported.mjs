// Imports the library and takes the names that every program takes, as an ES module does: by its face, which is named by an
// argument, because another build may be measured.
import { pathToFileURL } from 'node:url';

const { run, sleep } = await import(pathToFileURL(process.argv[2]).href);
if (typeof run !== 'function' || typeof sleep !== 'function') process.exitCode = 1;
