// What the demo prints: a picture for people, as the recordings come in, or figures for machines at the end.
import { drawChart, terminalOf } from './chart.mjs';

const inSeconds = (ms) => `${(ms / 1000).toFixed(2)} s`;
const styles = { generator: 'function* and yield*', async: 'async and await' };

export class PictureReport {
  #terminal = terminalOf(process.stdout, process.env);
  #scaleMs = 0;
  #answer = '';
  #colour = '';

  begin(question, colour) {
    this.#colour = colour;
    console.log(`Asking: ${question}`);
  }
  oneByOne(recording) {
    this.#draw('One after another', recording);
  }
  together(recording) {
    this.#draw('With gather', recording);
    this.#answer = recording.value;
  }
  end() {
    console.log(`\nThe model: ${this.#answer}`);
    console.log(`\nThe handler is written with ${styles[this.#colour]}; --colour chooses, and the other does the same.`);
  }

  // All charts have the scale of the first, so that they can be compared at a glance.
  #draw(title, { tookMs, tasks }) {
    this.#scaleMs ||= tookMs;
    const chart = drawChart(tasks, this.#scaleMs, this.#terminal);
    console.log(`\n${title}: ${inSeconds(tookMs)}\n${chart.join('\n')}`);
  }
}

export class FigureReport {
  #figures = {};

  begin(question, colour) {
    this.#figures = { colour, question };
  }
  oneByOne(recording) {
    this.#figures.oneByOne = figuresOf(recording);
  }
  together(recording) {
    this.#figures.answer = recording.value;
    this.#figures.gather = figuresOf(recording);
  }
  end() {
    console.log(JSON.stringify(this.#figures, null, 2));
  }
}

const rounded = (ms) => Math.round(ms * 1000) / 1000;

function figuresOf({ tookMs, tasks }) {
  const roundedTasks = tasks.map((task) => ({ ...task, startMs: rounded(task.startMs), endMs: rounded(task.endMs) }));
  return { tookMs: rounded(tookMs), tasks: roundedTasks };
}
