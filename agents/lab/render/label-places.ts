/** A place on the drawing, pixels from its upper left corner. */
export interface Spot {
  readonly x: number;
  readonly y: number;
}

/** Where a label goes: from its dot by an offset in pixels to its own left end, right end or middle. */
export interface LabelPlace {
  readonly align: 'left' | 'right' | 'center';
  readonly offset: readonly [dx: number, dy: number];
}

/** A part of the drawing, pixels. */
export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Of a letter at the labels' sizes, 11 or 12 and bold, pixels: an upper bound for the usual sans-serif fonts. */
const LETTER = { width: 7.5, height: 13 } as const;
/** Radius of a dot with the space around it. */
const DOT = 6;
const BESIDE = DOT + 2;
const ABOVE = DOT + LETTER.height / 2;
/** A line of text further away: still seen to belong to its dot. */
const FAR = ABOVE + LETTER.height;
/** The earlier ones are preferred. */
const PLACES: readonly LabelPlace[] = [
  { align: 'left', offset: [BESIDE, 0] },
  { align: 'right', offset: [-BESIDE, 0] },
  { align: 'center', offset: [0, -ABOVE] },
  { align: 'center', offset: [0, ABOVE] },
  { align: 'left', offset: [BESIDE, ABOVE] },
  { align: 'left', offset: [BESIDE, -ABOVE] },
  { align: 'right', offset: [-BESIDE, ABOVE] },
  { align: 'right', offset: [-BESIDE, -ABOVE] },
  { align: 'left', offset: [BESIDE, FAR] },
  { align: 'left', offset: [BESIDE, -FAR] },
  { align: 'right', offset: [-BESIDE, FAR] },
  { align: 'right', offset: [-BESIDE, -FAR] },
];
/** Lines are seen as spots so far apart. */
const LINE_STEP = 5;
/** What a spot of a line under a label weighs, in square pixels of overlap with another label. */
const LINE_WEIGHT = 20;
const OUTSIDE = 1e6;

/**
 * Beside, above or below its dot, where each label covers least of the others, of the dots and of the lines: one label after the
 * other, from right to left, where room is scarce.
 *
 * @param lines corners of lines that no label should cover
 * @param room that labels stay inside of
 */
export function placeLabels(
  dots: readonly (Spot & { readonly text: string })[],
  lines: readonly (readonly Spot[])[],
  room: Box,
): readonly LabelPlace[] {
  const taken: Box[] = dots.map(({ x, y }) => around(x, y, DOT, DOT));
  const spots = lines.flatMap(alongLine);
  const places = new Map<number, LabelPlace>();
  const order = [...dots.keys()].sort((a, b) => (dots[b] as Spot).x - (dots[a] as Spot).x);
  for (const at of order) {
    const dot = dots[at] as (typeof dots)[number];
    const others = taken.filter((_, i) => i !== at);
    const choices = PLACES.map((place) => {
      const box = boxOf(dot, place);
      const outside = box.left < room.left || box.top < room.top || box.right > room.right || box.bottom > room.bottom;
      const overlap = others.reduce((sum, other) => sum + overlapOf(box, other), 0);
      const crossed = spots.filter(({ x, y }) => x > box.left && x < box.right && y > box.top && y < box.bottom).length;
      return { place, box, cost: overlap + LINE_WEIGHT * crossed + (outside ? OUTSIDE : 0) };
    });
    const best = choices.reduce((least, choice) => (choice.cost < least.cost ? choice : least));
    places.set(at, best.place);
    taken.push(best.box);
  }
  return dots.map((_, at) => places.get(at) as LabelPlace);
}

function boxOf({ x, y, text }: Spot & { readonly text: string }, { align, offset: [dx, dy] }: LabelPlace): Box {
  const width = text.length * LETTER.width;
  const middle = { left: width / 2, right: -width / 2, center: 0 }[align];
  return around(x + dx + middle, y + dy, width / 2, LETTER.height / 2);
}

function around(x: number, y: number, halfWidth: number, halfHeight: number): Box {
  return { left: x - halfWidth, right: x + halfWidth, top: y - halfHeight, bottom: y + halfHeight };
}

function overlapOf(a: Box, b: Box): number {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return width > 0 && height > 0 ? width * height : 0;
}

function alongLine(corners: readonly Spot[]): Spot[] {
  return corners.slice(1).flatMap((to, i) => {
    const from = corners[i] as Spot;
    const steps = Math.ceil(Math.hypot(to.x - from.x, to.y - from.y) / LINE_STEP);
    return Array.from({ length: steps }, (_, step) => ({
      x: from.x + (step / steps) * (to.x - from.x),
      y: from.y + (step / steps) * (to.y - from.y),
    }));
  });
}
