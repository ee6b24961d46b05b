// `--check`: runs both colours and holds what comes out against what must. The times are real, so only what no slow
// machine can break is checked: nothing is early, and the order in which tasks begin and end.
import assert from 'node:assert/strict';

/** `measure(colour, report)` is a coroutine that tells `report` the recordings. Throws: AssertionError. */
export function* check(measure, { profile, orders, manual, model }) {
  const answers = new Set();
  for (const colour of ['generator', 'async']) {
    let oneByOne;
    let together;
    yield* measure(colour, { oneByOne: (recording) => (oneByOne = recording), together: (r) => (together = r) });
    answers.add(oneByOne.value).add(together.value);
    assert.ok(oneByOne.tookMs >= profile + orders + manual + model, 'one by one, the waits add up');
    assert.ok(together.tookMs >= Math.max(profile, orders, manual) + model, 'together, the slowest one counts');
    assert.ok(inTurn(oneByOne.tasks.slice(1)), 'one by one, each begins when the one before has ended');
    assert.ok(atOnce(together.tasks.slice(1, 4)), 'together, all have begun before one has ended');
    for (const { tasks, tookMs } of [oneByOne, together]) {
      assert.deepEqual(tasks.map(({ name }) => name), ['handler', 'profile', 'orders', 'manual', 'model']);
      for (const { startMs, endMs } of tasks) assert.ok(0 <= startMs && startMs < endMs && endMs <= tookMs);
    }
    console.log(`${colour}: ok`);
  }
  const [answer, ...others] = answers;
  assert.match(answer, /40 trout.*PX-200/);
  assert.deepEqual(others, []);
}

function atOnce(tasks) {
  return Math.max(...tasks.map(({ startMs }) => startMs)) < Math.min(...tasks.map(({ endMs }) => endMs));
}

function inTurn(tasks) {
  return tasks.slice(1).every(({ startMs }, i) => startMs >= tasks[i].endMs - 1);
}
