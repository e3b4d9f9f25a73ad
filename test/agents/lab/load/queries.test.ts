import { describe, expect, test } from 'vitest';
import { LEVELS, QUERY_FAMILIES } from '../../../../agents/lab/load/families.js';
import { readQuery, writeQuery } from '../../../../agents/lab/load/queries.js';
import { Random } from '../../../../agents/lab/load/random.js';

const levels = Array.from({ length: LEVELS.high }, (_, i) => i + 1);

describe.each(QUERY_FAMILIES.map((family) => ({ name: family.name, family })))('family $name', ({ family }) => {
  test.each(levels)('the level can be read back from the text at level %i', (level) => {
    for (let seed = 0; seed < 50; seed++) expect(family.levelOf(family.write(new Random(seed), level))).toBe(level);
  });

  test('its opening is that of no other family', () => {
    const same = QUERY_FAMILIES.filter((other) => other.opening.startsWith(family.opening));
    expect(same).toEqual([family]);
  });

  test('questions of one level differ', () => {
    const texts = new Set(Array.from({ length: 50 }, (_, seed) => family.write(new Random(seed), 3)));
    expect(texts.size).toBeGreaterThan(45);
  });
});

test('a query says in its text how hard it is and how long the answer is to be', () => {
  const random = new Random(1);
  const demands = Array.from({ length: 500 }, () => readQuery(writeQuery(random, 77.4)));
  expect(demands.every((demand) => demand?.outputTokens === 77)).toBe(true);
  expect(new Set(demands.map((demand) => demand?.family)).size).toBe(QUERY_FAMILIES.length);
  const difficulties = demands.map((demand) => demand?.difficulty ?? Number.NaN);
  expect(Math.min(...difficulties)).toBeLessThan(-2.5);
  expect(Math.max(...difficulties)).toBeGreaterThan(1.5);
});

test('a text that is no query of ours is not read', () => {
  expect(readQuery('What is the capital of France?')).toBeUndefined();
  expect(readQuery('Solve this word problem. Ada has 3 shells.')).toBeUndefined();
});
