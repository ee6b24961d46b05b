// stop() on a hosted loop had no run to end: it left the loop at one tick a turn for good.
import { getRunningLoop, run } from '../../lib/index';
import { SimulatedEngine } from '../../lib/testing';
import { codeOf } from '../tasks/support';

test('stop: a hosted loop refuses it', async () => {
  const engine = new SimulatedEngine();
  const code = await run(
    function* () {
      return codeOf(() => getRunningLoop().stop());
    },
    { engine },
  );
  expect(code).toBe('ERR_LOOP_RUNNING');
});
