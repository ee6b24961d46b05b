// Random programs about scopes, held against a tree of their own. `npm run model -- --scopes` plays more of them.
import { isMixed, printed } from './program';
import { checkScopes, scopeProgramFor } from './scope_checker';
import { SCOPE_OPERATIONS } from './scope_player';

const SEEDS = 400;

test('CS3, CS4, CS7, CS8, CS11, CS14, CS24, CS28, D28, D30, DV1, DV3: scopes: random programs', async () => {
  // Compared as a whole, so that a failure shows the program.
  for (let seed = 1; seed <= SEEDS; seed++) expect(await checkScopes(seed)).toBeNull();
});

test('scopes: programs come in both colours, and with every operation', () => {
  const programs = Array.from({ length: SEEDS }, (_, seed) => scopeProgramFor(seed));
  expect(programs.filter(isMixed).length).toBeGreaterThan(SEEDS / 3);
  expect(programs.filter((program) => !isMixed(program)).length).toBeGreaterThan(SEEDS / 3);
  const text = programs.map(printed).join('\n');
  for (const operation of SCOPE_OPERATIONS) expect(text).toMatch(new RegExp(`^ +${operation} \\d`, 'm'));
});
