// The command line of the demo.
import { parseArgs } from 'node:util';

export const transports = ['http', 'streams'];
export const serviceNames = ['profile', 'orders', 'manual', 'model'];

export const usage = `usage: node examples/agent/main.mjs [options]

An agent asks three context services and a model, first one after another, then the three at once.

  --colour generator|async   in which colour the handler is written (generator)
  --transport http|streams   how the services are asked: with fetch, or with readyloop's own streams (http)
  --json                     print figures for machines instead of a picture
  --fast                     let the services answer ten times faster
  --fail SERVICE             let a service answer with an error: ${serviceNames.join(', ')}
  --down SERVICE             let a service be unreachable
  --check                    run both colours over both transports fast, and check what comes out
  --help                     print this`;

const full = { profile: 800, orders: 500, manual: 300, model: 1500 };

/** Returns: the options, `{ help: true }`, or `{ mistake }` with what is wrong. */
export function readOptions(args) {
  let values;
  try {
    values = parseArgs({
      args,
      options: {
        colour: { type: 'string', default: 'generator' },
        transport: { type: 'string', default: 'http' },
        json: { type: 'boolean', default: false },
        fast: { type: 'boolean', default: false },
        fail: { type: 'string' },
        down: { type: 'string' },
        check: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    return { mistake: error.message };
  }
  if (values.help) return { help: true };
  if (!['generator', 'async'].includes(values.colour)) return { mistake: `there is no colour '${values.colour}'` };
  if (!transports.includes(values.transport)) return { mistake: `there is no transport '${values.transport}'` };
  for (const name of [values.fail, values.down]) {
    if (name !== undefined && !serviceNames.includes(name)) return { mistake: `there is no service '${name}'` };
  }
  const scale = values.fast || values.check ? 0.1 : 1;
  const delays = Object.fromEntries(serviceNames.map((name) => [name, full[name] * scale]));
  return { ...values, delays };
}
