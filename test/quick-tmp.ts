import { ATTACKS } from '../agents/lab/poisoning/attacks.js';
import { poisoning } from '../agents/lab/poisoning/poisoning.js';
import { plainPredictors } from './agents/lab/poisoning/plain-predictor.js';
const [calls='300', seeds='3'] = process.argv.slice(2);
const t = performance.now();
for (const h of await poisoning({ calls: Number(calls), seeds: Number(seeds), policy: 'eccos', attacks: ATTACKS.filter(({name}) => /^(all|flood of 0)/.test(name)), predictors: plainPredictors })) console.log(h.attack.padEnd(30), h.tenant.padEnd(6), h.before.quality.toFixed(3), h.after.quality.toFixed(3), 'pts', h.points.mean.toFixed(2), `[${h.points.low?.toFixed(1)}, ${h.points.high?.toFixed(1)}]`, '$', h.before.costPer1000.toFixed(3), h.after.costPer1000.toFixed(3), 'x', h.ratio.mean.toFixed(3), `[${h.ratio.low?.toFixed(2)}, ${h.ratio.high?.toFixed(2)}]`);
console.log(((performance.now() - t)/1000).toFixed(0), 's');
