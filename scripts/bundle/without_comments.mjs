// Takes the comments out of a bundled file: the engine would read them at each start, and people read the sources, to which
// the map leads. Lines that are empty then go as well, in the code and in the map.
import ts from 'typescript';

// Which module what follows comes from.
const KEPT = /^\/\/ lib\//;

/** Returns: the code and its map without comments, except those that name modules. */
export function withoutComments(code, map) {
  const lines = blanked(code).split('\n');
  const parsed = JSON.parse(map);
  const groups = parsed.mappings.split(';');
  // A line that the map says something of stays: what follows is told relative to it.
  const stays = lines.map((line, at) => line.trim() !== '' || (groups[at] ?? '') !== '');
  parsed.mappings = groups.filter((_, at) => stays[at] ?? true).join(';');
  return { code: lines.filter((_, at) => stays[at]).map((line) => line.trimEnd()).join('\n'), map: JSON.stringify(parsed) };
}

function blanked(code) {
  const tree = ts.createSourceFile('bundle.js', code, ts.ScriptTarget.ES2022, false, ts.ScriptKind.JS);
  const ranges = [];
  const collect = (pos, end) => void ranges.push([pos, end]);
  const visit = (node) => {
    ts.forEachLeadingCommentRange(code, node.pos, collect);
    ts.forEachTrailingCommentRange(code, node.end, collect);
    for (const child of node.getChildren(tree)) visit(child);
  };
  visit(tree);
  let text = '';
  let at = 0;
  for (const [pos, end] of ranges.sort((a, b) => a[0] - b[0])) {
    if (pos < at) continue; // The same one, seen from another node.
    const comment = code.slice(pos, end);
    text += code.slice(at, pos) + (KEPT.test(comment) ? comment : comment.replace(/[^\n]/g, ' '));
    at = end;
  }
  return text + code.slice(at);
}
