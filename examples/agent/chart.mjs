// A Gantt chart for a terminal: one row per task, a bar from its start to its end, and a time axis below.
// Pure: it is given figures and what the terminal can show, and returns lines.

const reset = '\x1b[0m';
const dim = '\x1b[2m';
const colours = ['\x1b[36m', '\x1b[32m', '\x1b[33m', '\x1b[35m', '\x1b[34m', '\x1b[31m'];

const unicode = { bar: '█', partial: [...' ▏▎▍▌▋▊▉'], axis: '─', tick: '┬', corner: '└', cut: '…' };
const ascii = { bar: '#', partial: [...'        '], axis: '-', tick: '+', corner: '+', cut: '~' };

/** What a stream can show. A pipe is 80 columns wide and has no colours. */
export function terminalOf(stream, env) {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  return {
    width: Math.min(Math.max(stream.columns ?? 80, 40), 160),
    hasUnicode: /utf-?8/i.test(locale),
    hasColours: stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb',
  };
}

/** Lines of a chart of `tasks` on a scale that ends at `endMs`. */
export function drawChart(tasks, endMs, { width, hasUnicode, hasColours }) {
  const glyphs = hasUnicode ? unicode : ascii;
  const paint = (text, colour) => (hasColours ? `${colour}${text}${reset}` : text);
  const labelWidth = Math.min(Math.max(...tasks.map(({ name }) => name.length)), Math.floor(width / 4));
  const timeWidth = '12.34 s'.length;
  const cells = width - labelWidth - timeWidth - 4;
  const cellsPerMs = cells / endMs;

  const rows = tasks.map((task, index) => {
    const label = cut(task.name, labelWidth, glyphs.cut).padEnd(labelWidth);
    const bar = drawBar(task, cellsPerMs, cells, glyphs).padEnd(cells);
    const seconds = `${((task.endMs - task.startMs) / 1000).toFixed(2)} s`.padStart(timeWidth);
    return `${label}  ${paint(bar, colours[index % colours.length])}  ${seconds}`;
  });
  const axis = drawAxis(endMs, cellsPerMs, cells, glyphs).map((line) => {
    return paint(`${' '.repeat(labelWidth + 1)}${line}`.trimEnd(), dim);
  });
  return [...rows, ...axis];
}

function cut(text, width, mark) {
  return text.length <= width ? text : `${text.slice(0, width - 1)}${mark}`;
}

// The start is rounded to a whole cell; the end to an eighth of one, where the terminal has such letters.
function drawBar({ startMs, endMs }, cellsPerMs, cells, glyphs) {
  const start = Math.min(Math.round(startMs * cellsPerMs), cells - 1);
  const eighths = Math.min(Math.round(endMs * cellsPerMs * 8), cells * 8) - start * 8;
  if (eighths < 8) return `${' '.repeat(start)}${glyphs.bar}`; // Too short to see is still something that happened.
  const partial = glyphs.partial[eighths % 8];
  return `${' '.repeat(start)}${glyphs.bar.repeat(Math.floor(eighths / 8))}${partial}`.trimEnd();
}

function drawAxis(endMs, cellsPerMs, cells, glyphs) {
  const stepMs = tickStep(endMs, cells);
  const line = [...glyphs.axis.repeat(cells)];
  const labels = [...' '.repeat(cells + 1)];
  for (let ms = 0; ms <= endMs; ms += stepMs) {
    const at = Math.min(Math.round(ms * cellsPerMs), cells - 1);
    line[at] = ms === 0 ? glyphs.axis : glyphs.tick;
    const text = ms === 0 ? '0' : `${Number((ms / 1000).toFixed(3))} s`;
    const from = Math.min(at + 1, labels.length - text.length);
    labels.splice(from, text.length, ...text);
  }
  return [`${glyphs.corner}${line.join('')}`, labels.join('')];
}

// The smallest round step whose labels keep their distance.
function tickStep(endMs, cells) {
  const mostTicks = Math.max(1, Math.floor(cells / 9));
  for (let power = 1; ; power *= 10) {
    for (const digit of [1, 2, 5]) if (endMs / (digit * power) <= mostTicks) return digit * power;
  }
}
