/** Where a text may be cut, best first: between paragraphs, sentences, words. */
const SEAMS = [/\n\s*\n/, /(?<=[.!?])\s+/, /\s+/];

/**
 * Cuts a text into pieces of about equal length, at the best seams of which there are enough.
 *
 * @returns at most `count` pieces, none of them empty: fewer where there are fewer words
 */
export function splitText(text: string, count: number): string[] {
  const whole = text.trim();
  if (whole === '') return [];
  const cuts = SEAMS.map((seam) => pieces(whole, seam));
  const units = cuts.find((list) => list.length >= count) ?? cuts.at(-1) ?? [];
  const grouped: string[] = [];
  let at = 0;
  let used = 0;
  for (let left = Math.min(count, units.length); left > 0; left--) {
    const from = at;
    const fair = (whole.length - used) / left;
    let length = 0;
    // At least one unit each, and one for each group to come.
    while (at < units.length && (at === from || (units.length - at >= left && length + half(units[at]) <= fair))) {
      length += units[at]?.length ?? 0;
      at++;
    }
    if (left === 1) at = units.length;
    used += length;
    grouped.push(units.slice(from, at).join('').trim());
  }
  return grouped;
}

/** Each piece keeps the seam after it, so that joining them gives the text back. */
function pieces(text: string, seam: RegExp): string[] {
  const found: string[] = [];
  let from = 0;
  for (const { index, 0: gap } of text.matchAll(new RegExp(seam, 'g'))) {
    found.push(text.slice(from, index + gap.length));
    from = index + gap.length;
  }
  return [...found, text.slice(from)];
}

function half(unit: string | undefined): number {
  return (unit?.length ?? 0) / 2;
}
