// What the demo prints: a picture for people, or figures for machines.
import { drawChart, terminalOf } from './chart.mjs';

const inSeconds = (ms) => `${(ms / 1000).toFixed(2)} s`;

export function printPicture({ colour, oneByOne, together }) {
  const terminal = terminalOf(process.stdout, process.env);
  // One scale for both charts, so that they can be compared at a glance.
  const endMs = Math.max(oneByOne.tookMs, together.tookMs);
  const style = colour === 'generator' ? 'function* and yield*' : 'async and await';
  const lines = [
    `The model: ${together.value}`,
    '',
    `One after another: ${inSeconds(oneByOne.tookMs)}`,
    ...drawChart(oneByOne.tasks, endMs, terminal),
    '',
    `With gather: ${inSeconds(together.tookMs)}`,
    ...drawChart(together.tasks, endMs, terminal),
    '',
    `The handler was written with ${style} (--colour ${colour}); the other colour does the same.`,
  ];
  console.log(lines.join('\n'));
}

export function printFigures({ colour, question, oneByOne, together }) {
  const figuresOf = ({ tookMs, tasks }) => ({ tookMs: rounded(tookMs), tasks: tasks.map(roundedTimes) });
  const figures = {
    colour,
    question,
    answer: together.value,
    oneByOne: figuresOf(oneByOne),
    gather: figuresOf(together),
  };
  console.log(JSON.stringify(figures, null, 2));
}

const rounded = (ms) => Math.round(ms * 1000) / 1000;
const roundedTimes = (task) => ({ ...task, startMs: rounded(task.startMs), endMs: rounded(task.endMs) });
