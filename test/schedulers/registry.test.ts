import { describe, expect, test } from 'vitest';
import { createPolicy, POLICIES, parsePolicy, policyNames } from '../../schedulers/registry.js';
import { madeUpPredictor } from '../support/made-up-predictor.js';

const predictor = () => madeUpPredictor();
const known = () => ({ score: 1, costUsd: 1 });
const means = () => () => ({ quality: 1, costUsd: 1 });

test('every policy of the definitions is there, and carries its name', () => {
  expect(policyNames()).toEqual([
    ...['fifo', 'round-robin', 'eccos', 'cheapest', 'cheapest-free', 'strongest', 'random', 'least-loaded'],
    ...['per-call', 'per-call-16nn', 'per-call-load', 'task-list', 'subgradient', 'oracle', 'oracle-caps'],
  ]);
  for (const name of policyNames()) {
    expect(createPolicy(name, { predictor, neighbours: predictor, means, known }).name).toBe(name);
    expect(POLICIES[name].about).toMatch(/^\S.{10,}$/);
  }
});

describe('createPolicy', () => {
  test.each([
    ['lifo', /Expected one of the policies fifo, .*, got "lifo"; did you mean "fifo"\?$/],
    ['eccso', /, got "eccso"; did you mean "eccos"\?$/],
    ['Round-Robin', /; did you mean "round-robin"\?$/],
    ['round_robin:timeSliceMs=5', /, got "round_robin"; did you mean "round-robin"\?$/],
    ['percall', /; did you mean "per-call"\?$/],
    ['round', /; did you mean "round-robin"\?$/],
    ['lottery', /, oracle-caps, got "lottery"$/],
    ['', /, got ""$/],
    ['constructor', /, got "constructor"$/],
    ['fifo:speed=3', /^policy fifo: Expected no parameters, got "speed"$/],
    [
      'eccos:alhpa=0.7',
      /^policy eccos: Expected one of the parameters alpha, budgetPerHour, .*, got "alhpa"; did you mean "alpha"\?$/,
    ],
    ['eccos:alpha=0.7,tickms=5', /, got "tickms"; did you mean "tickMs"\?$/],
    [
      'round-robin:timeSlice=5',
      /^policy round-robin: Expected one of the parameters timeSliceMs, got "timeSlice"; did you mean "timeSliceMs"\?$/,
    ],
    ['eccos:colour=red', /, got "colour"$/],
    ['random:constructor=1', /^policy random: Expected .*, got "constructor"$/],
    ['per-call:threshold=2', /threshold.*got.*2/],
    ['per-call:threshold', /key=value, got "threshold"/],
    ['per-call-16nn:predictor=here', /predictor/],
  ])('refuses %s', (spec, message) => {
    expect(() => createPolicy(spec)).toThrow(
      expect.objectContaining({ code: 'invalid-config', message: expect.stringMatching(message) }),
    );
  });

  test.each([
    ['per-call-16nn', /^per-call-16nn: Expected .* only in eccos compare --data$/],
    ['task-list', /^task-list: Expected .* only in eccos compare$/],
    ['oracle', /^oracle: Expected .* only in eccos compare$/],
    ['oracle-caps', /^oracle-caps: Expected .* only in eccos compare$/],
  ])('says what %s lacks', (spec, message) => {
    expect(() => createPolicy(spec)).toThrow(
      expect.objectContaining({ code: 'invalid-config', message: expect.stringMatching(message) }),
    );
  });
});

test('a spec is checked without its services, and makes a new policy each time', () => {
  const create = parsePolicy('oracle');
  expect(create({ known })).not.toBe(create({ known }));
  expect(() => parsePolicy('oracle:seed=1')).toThrow(/seed/);
});

test('parameters reach the policy', () => {
  expect(createPolicy('round-robin:timeSliceMs=50').timeSliceMs).toBe(50);
  const asked: unknown[] = [];
  createPolicy('per-call:threshold=0.5,predictor=there,memory=here', {
    predictor: (folders) => {
      asked.push(folders);
      return madeUpPredictor();
    },
  });
  expect(asked).toEqual([{ predictor: 'there', memory: 'here', memoryFault: 'set-aside' }]);
});
