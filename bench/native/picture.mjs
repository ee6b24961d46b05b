// The picture of the published figures: for each case a bar for each peer, as long as the ratio of our cost to the peer's.
// It is drawn from the JSON alone, so the same figures give the same picture.

const WIDTH = 860;
const LABELS = 210;
const VALUES = 150;
const BAR = 14;
const ROW = 21;
const HEADING = 34;
const TOP = 84;
const BOTTOM = 34;
/** The ratio at the right end of the scale; longer bars are cut. */
const MOST = 1.6;

const SCALE = (WIDTH - LABELS - VALUES) / MOST;

const STYLE = `
  text { font: 13px -apple-system, "Segoe UI", "Liberation Sans", Helvetica, Arial, sans-serif; fill: #24292f; }
  .title { font-size: 17px; font-weight: 600; }
  .case { font-weight: 600; }
  .quiet { fill: #6e7781; font-size: 12px; }
  .less { fill: #2da44e; }
  .more { fill: #9a6700; }
  .grid { stroke: #d0d7de; stroke-width: 1; }
  .one { stroke: #57606a; stroke-width: 1.5; }
  .must { stroke: #cf222e; stroke-width: 2; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .quiet { fill: #8d96a0; }
    .less { fill: #3fb950; }
    .more { fill: #d29922; }
    .grid { stroke: #30363d; }
    .one { stroke: #8d96a0; }
    .must { stroke: #f85149; }
  }`;

/** Returns: the SVG of published results, as publish.mjs keeps them. */
export function drawPicture({ results }) {
  const body = [];
  let y = TOP;
  for (const { what, ratios } of results) {
    const rows = ratios.filter(({ ratio }) => Number.isFinite(ratio));
    if (rows.length === 0) continue;
    body.push(text(0, y + 18, what, 'case'));
    y += HEADING - 6;
    for (const row of rows) {
      body.push(...drawRow(row, y));
      y += ROW;
    }
    y += 8;
  }
  const height = y + BOTTOM;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-16 0 ${WIDTH + 32} ${height}" width="${WIDTH + 32}" ` +
      `height="${height}" role="img" aria-label="What a message costs, as ratios to other servers">`,
    `<style>${STYLE}\n</style>`,
    text(0, 28, 'What a message costs, against other servers', 'title'),
    text(0, 48, 'Our cost divided by theirs: left of 1 we are cheaper. The red mark is what has to be reached.', 'quiet'),
    ...drawScale(y),
    ...body,
    '</svg>',
    '',
  ].join('\n');
}

function drawScale(bottom) {
  const ticks = [0, 0.5, 1, 1.5];
  return ticks.flatMap((tick) => {
    const x = place(tick);
    return [
      `<line x1="${x}" y1="${TOP - 8}" x2="${x}" y2="${bottom}" class="${tick === 1 ? 'one' : 'grid'}"/>`,
      text(x, bottom + 18, String(tick), 'quiet', 'middle'),
    ];
  });
}

function drawRow({ ours, peer, ratio, must }, y) {
  const length = Math.max(1, Math.min(ratio, MOST) * SCALE);
  const parts = [
    text(LABELS - 10, y + BAR - 2, ours === 'ours' ? peer : `${ours} / ${peer}`, '', 'end'),
    `<rect x="${LABELS}" y="${y}" width="${round(length)}" height="${BAR}" rx="2" ` +
      `class="${ratio <= 1 ? 'less' : 'more'}"/>`,
  ];
  if (must !== undefined) {
    parts.push(`<line x1="${place(must)}" y1="${y - 2}" x2="${place(must)}" y2="${y + BAR + 2}" class="must"/>`);
  }
  const judged = must === undefined ? '' : `  must be ${must}`;
  const at = Math.max(length, must === undefined ? 0 : must * SCALE, ratio > 0.9 ? SCALE : 0);
  parts.push(text(LABELS + at + 8, y + BAR - 2, `${ratio.toFixed(2)}${judged}`, 'quiet'));
  return parts;
}

function place(ratio) {
  return round(LABELS + Math.min(ratio, MOST) * SCALE);
}

function round(number) {
  return Math.round(number * 10) / 10;
}

function text(x, y, words, kind, anchor = 'start') {
  const escaped = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  const kinds = kind === '' ? '' : ` class="${kind}"`;
  return `<text x="${round(x)}" y="${round(y)}"${kinds} text-anchor="${anchor}">${escaped}</text>`;
}
