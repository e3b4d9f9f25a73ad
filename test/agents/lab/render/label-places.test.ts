import { expect, test } from 'vitest';
import { placeLabels } from '../../../../agents/lab/render/label-places.js';

const ROOM = { left: 0, right: 400, top: 0, bottom: 200 };

test('a label stands at the right of its dot if nothing is in the way', () => {
  expect(placeLabels([{ x: 100, y: 100, text: 'alone' }], [], ROOM)).toEqual([{ align: 'left', offset: [8, 0] }]);
});

test('it goes elsewhere for a line, another dot, or the end of the drawing', () => {
  const level = [
    { x: 110, y: 100 },
    { x: 400, y: 100 },
  ];
  const [byLine] = placeLabels([{ x: 100, y: 100, text: 'label' }], [level], ROOM);
  expect(byLine?.align).toBe('right');
  const [atEnd] = placeLabels([{ x: 380, y: 100, text: 'label' }], [], ROOM);
  expect(atEnd?.align).toBe('right');
  const [byDot, other] = placeLabels(
    [
      { x: 100, y: 100, text: 'first' },
      { x: 120, y: 100, text: 'second' },
    ],
    [],
    ROOM,
  );
  expect([byDot?.align, other?.align]).toEqual(['right', 'left']);
});

test('where lines are all around, it stands a line further away', () => {
  const lines = [88, 100, 112].map((y) => [
    { x: 0, y },
    { x: 400, y },
  ]);
  expect(placeLabels([{ x: 200, y: 100, text: 'label' }], lines, ROOM)).toEqual([{ align: 'left', offset: [8, 25.5] }]);
});

test('labels of a cluster do not lie on each other', () => {
  const dots = [0, 1, 2, 3].map((i) => ({ x: 200 + 3 * i, y: 100 + 2 * i, text: 'model-name' }));
  const places = placeLabels(dots, [], ROOM).map(({ align, offset }) => `${align} ${offset}`);
  expect(new Set(places).size).toBe(4);
});
