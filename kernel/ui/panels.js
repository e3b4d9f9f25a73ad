import { Chart } from './chart.js';
import { clock, count, dollars, duration, megabytes, share } from './format.js';
import { html, useState } from './preact.js';

/** Lines that a chart can tell apart. */
const MOST_LINES = 6;

function Panel({ class: name, title, note, more, children }) {
  return html`<section class=${name} aria-label=${title}>
    <h2>${title} ${note && html`<small>${note}</small>`} ${more}</h2>
    ${children}
  </section>`;
}

function Pill({ tone = '', children }) {
  return html`<span class=${`pill ${tone}`}>${children}</span>`;
}

function Tiles({ of }) {
  return html`<dl class="tiles">
    ${of.map(([name, value, unit]) => html`<div><dt>${name}</dt><dd>${value} ${unit && html`<small>${unit}</small>`}</dd></div>`)}
  </dl>`;
}

export function Cores({ view }) {
  const { cores, at } = view;
  const running = cores.reduce((sum, core) => sum + core.running, 0);
  const slots = cores.reduce((sum, core) => sum + core.cap, 0);
  const hasLimits = cores.some(
    ({ requestsLeft, tokensLeft }) => requestsLeft !== undefined || tokensLeft !== undefined,
  );
  return html`<${Panel} class="cores" title="Cores" note=${`${count(running)} of ${count(slots)} slots in use`}>
    <div class="scroll"><table>
      <thead><tr>
        <th>Core</th><th>State</th><th>Running</th><th></th><th class="number optional">Queued</th>
        ${hasLimits && html`<th class="number optional">Left this minute</th>`}
        <th class="number">First token</th><th class="number">Per hour</th>
      </tr></thead>
      <tbody>${cores.map((core) => html`<${CoreRow} key=${core.id} core=${core} at=${at} hasLimits=${hasLimits} />`)}</tbody>
    </table></div>
  <//>`;
}

function CoreRow({ core, at, hasLimits }) {
  const { id, running, cap, queued, requestsLeft, tokensLeft, ttftMs, usdPerHour, lastFault } = core;
  const used = cap === 0 ? 0 : Math.min(1, running / cap);
  const left = [
    ...(requestsLeft === undefined ? [] : [`${count(requestsLeft)} requests`]),
    ...(tokensLeft === undefined ? [] : [`${count(tokensLeft)} tokens`]),
  ];
  const bar = { width: `${100 * used}%` };
  return html`<tr>
    <td class="name"><b>${id}</b></td>
    <td title=${lastFault?.message ?? ''}><${CoreState} core=${core} at=${at} /></td>
    <td><div class=${`bar ${used === 1 ? 'full' : ''}`} role="img" aria-label=${`${running} of ${cap}`}><i style=${bar}></i></div></td>
    <td class="nowrap">${running} / ${cap}</td>
    <td class="number optional">${queued || ''}</td>
    ${hasLimits && html`<td class="number optional">${left.join(', ')}</td>`}
    <td class="number">${duration(ttftMs)}</td>
    <td class="number">${dollars(usdPerHour)}</td>
  </tr>`;
}

function CoreState({ core: { cap, state, closedUntil, lastFault }, at }) {
  if (cap === 0) return html`<${Pill}>off<//>`;
  if (state === 'up') return html`<${Pill} tone="good">up<//>`;
  const left = closedUntil === undefined ? '' : ` ${duration(Math.max(0, closedUntil - at))}`;
  return html`<${Pill} tone=${lastFault === undefined ? 'warn' : 'bad'}>cooling${left}<//>`;
}

export function Policy({ view, history }) {
  const { policy, outlook } = view.kernel?.stats ?? {};
  const [shows, setShows] = useState('quality');
  const prices = Object.entries(outlook?.secondPrices ?? {});
  const cores = prices.map(([core]) => core).slice(0, MOST_LINES);
  const tabs =
    outlook?.priceOfQuality !== undefined &&
    html`<${Tabs}
    label="Prices" value=${shows} onChange=${setShows} of=${[['quality', 'quality'], ['seconds', 'seconds of cores']]}
  />`;
  const target = outlook?.outOfReach ? html`<${Pill} tone="bad">out of reach<//>` : '';
  return html`<${Panel} class="policy-panel" title="Policy" note=${policy} more=${tabs}>
    ${
      outlook === undefined
        ? html`<p class="empty">${policy} has no target and no prices.</p>`
        : html`<${Tiles} of=${[
            ['Target quality', share(outlook.alpha) || 'none', target],
            ['Predicted', share(outlook.predictedQuality) || '-'],
            ['Rated', share(outlook.ratedQuality) || '-'],
            ['Price of quality', dollars(outlook.priceOfQuality) || '-'],
            ['An hour of waiting', dollars(outlook.waitPrice) || '-'],
          ]} />`
    }
    ${outlook?.warning && html`<p class="soft">${outlook.warning}</p>`}
    ${
      tabs &&
      (shows === 'quality' || cores.length === 0
        ? html`<${Chart} key="quality" label="Price of quality over time" series=${['US dollars from wrong to right']}
          data=${history.columns((point) => point.priceOfQuality)} format=${dollars} />`
        : html`<${Chart} key="seconds" label="Prices of a second on each core over time" series=${cores}
          data=${history.columns(...cores.map((core) => (point) => point.secondPrices[core]))} format=${dollars} />`)
    }
  <//>`;
}

const AGES = ['< 1 s', '1 to 5 s', '5 to 30 s', '0.5 to 2 min', '> 2 min'];

export function Queues({ view, history }) {
  const { queues } = view;
  if (queues === undefined) return null;
  const pending = queues.waiting + queues.scheduled + queues.suspended;
  const refused = Object.entries(queues.refused);
  const columns = history.columns(
    (point) => point.pending,
    (point) => point.running,
    (point) => point.suspended,
  );
  const note = pending === 0 ? 'nobody waits' : `${count(pending)} wait, the oldest for ${duration(queues.oldestMs)}`;
  return html`<${Panel} class="queues" title="Queues" note=${note}>
    <${Chart} label="Calls over time" series=${['waiting', 'running', 'preempted']} data=${columns} format=${wholeCount} height=${250} />
    <dl class="ages">${queues.ages.map(
      (calls, n) => html`<div class=${calls === 0 ? '' : n < 4 ? 'some' : 'old'}>
      <dt>${AGES[n]}</dt><dd>${count(calls)}</dd>
    </div>`,
    )}</dl>
    ${
      refused.length > 0 &&
      html`<div class="refused"><span class="soft">Not accepted</span>
      ${refused.map(([code, times]) => html`<${Pill} tone="warn">${code} ${count(times)}<//>`)}</div>`
    }
  <//>`;
}

function wholeCount(value) {
  return Number.isInteger(value) ? count(value) : '';
}

export function Kernel({ view }) {
  if (view.kernel === undefined) return null;
  const { stats, connections, rssBytes, loopP99Ms, journal } = view.kernel;
  const { scheduler, syscalls, waitingMs, turnaroundMs } = stats;
  const trouble = scheduler.fallbacks + scheduler.invalidAssignments;
  return html`<${Panel} class="kernel" title="Kernel" note=${`up ${duration(stats.uptimeMs)}`}>
    <${Tiles} of=${[
      ['Answered', count(syscalls.done)],
      ['Failed', count(syscalls.failed)],
      ['Cancelled, expired', `${count(syscalls.cancelled)}, ${count(syscalls.expired)}`],
      ['Retries', count(stats.retries)],
      ['Preemptions', count(stats.preemptions)],
      ['Waiting', duration(waitingMs.p50), `p99 ${duration(waitingMs.p99)}`],
      ['Turnaround', duration(turnaroundMs.p50), `p99 ${duration(turnaroundMs.p99)}`],
      ['Decision', duration(scheduler.decisionMs.p50), `p99 ${duration(scheduler.decisionMs.p99)}`],
      ['Event loop', duration(loopP99Ms), 'p99'],
      ['Memory', megabytes(rssBytes)],
      ['Connections', count(connections)],
      ['Policy faults', count(trouble)],
      ...(journal === undefined ? [] : journalTiles(journal)),
    ]} />
  <//>`;
}

function journalTiles({ commitMs, waiting, refused, bytes }) {
  return [
    ['Journal commit', duration(commitMs.p50), `p99 ${duration(commitMs.p99)}`],
    ['Journal waiting', count(waiting)],
    ['Journal refused', count(refused)],
    ...(bytes === undefined ? [] : [['Journal file', megabytes(bytes)]]),
  ];
}

const TONES = {
  done: 'good',
  failed: 'bad',
  expired: 'bad',
  cancelled: 'warn',
  retried: 'warn',
  preempted: 'warn',
  running: '',
};

export function Decisions({ view, link }) {
  const decisions = view.decisions.toSorted((a, b) => b.at - a.at);
  const [open, setOpen] = useState(undefined);
  return html`<${Panel} class="wide" title="Decisions" note="the last calls that were given to a core; select one for the whole reasoning">
    ${
      decisions.length === 0
        ? html`<p class="empty">No call has started yet.</p>`
        : html`<div class="scroll"><table>
        <thead><tr>
          <th class="optional">Started</th><th>Call</th><th>Agent</th><th class="optional">Task</th><th>Core</th><th class="optional">Why</th>
          <th class="number">Quality</th><th class="number">Cost</th><th class="number optional">Waited</th><th>Now</th>
        </tr></thead>
        <tbody>${decisions.map(
          (one) => html`<${Decision} key=${one.syscallId} decision=${one} link=${link}
          isOpen=${open === one.syscallId} onToggle=${() => setOpen(open === one.syscallId ? undefined : one.syscallId)} />`,
        )}</tbody>
      </table></div>`
    }
  <//>`;
}

function Decision({ decision, link, isOpen, onToggle }) {
  const { syscallId, agent, task, core, reason, at, waitMs, predictedQuality, quality, predictedUsd, costUsd, status } =
    decision;
  const [why, setWhy] = useState([]);
  const toggle = () => {
    onToggle();
    if (isOpen) return;
    link.request('kernel.ps', { explain: syscallId }).then(
      ({ explanation }) => setWhy(explanation.length === 0 ? ['The policy gives no more reasons.'] : explanation),
      ({ message }) => setWhy([message]),
    );
  };
  return html`
    <tr>
      <td class="nowrap optional">${clock(at)}</td>
      <td class="nowrap"><button class="link" aria-expanded=${isOpen} onClick=${toggle}>${syscallId.slice(-8)}</button></td>
      <td class="name">${agent}</td>
      <td class="name optional">${task ?? ''}</td>
      <td class="nowrap">${core}</td>
      <td class="why optional">${reason}</td>
      <td class="number"><${Against} predicted=${predictedQuality} actual=${quality} format=${share} /></td>
      <td class="number"><${Against} predicted=${predictedUsd} actual=${costUsd} format=${dollars} /></td>
      <td class="number optional">${duration(waitMs)}</td>
      <td><${Pill} tone=${TONES[status]}>${status}<//></td>
    </tr>
    ${isOpen && html`<tr class="explained"><td colspan="10"><pre tabindex="0">${[reason, '', ...why].join('\n')}</pre></td></tr>`}
  `;
}

/** What it was, beside what was predicted. */
function Against({ predicted, actual, format }) {
  const expected =
    predicted === undefined ? '' : html`<span class="soft" title="predicted">${format(predicted)}</span>`;
  if (actual === undefined) return expected;
  return html`${expected} ${expected && html`<span class="soft">→</span>`} <b>${format(actual)}</b>`;
}

/** Rows of agents that are drawn. */
const MOST_AGENTS = 300;

export function Agents({ view, link, onKill }) {
  const rows = treeOf(view.agents);
  const more = Math.max(0, (view.kernel?.stats.agents ?? 0) - MOST_AGENTS);
  return html`<${Panel} class="agents" title="Agents" note=${`${count(view.kernel?.stats.agents ?? rows.length)} connected`}>
    <div class="scroll"><table>
      <thead><tr>
        <th>Agent</th><th class="optional">Tenant</th><th class="number">Pending</th><th class="number">Running</th>
        <th class="number optional">Finished</th><th class="number">Cost</th><th></th>
      </tr></thead>
      <tbody>${rows.slice(0, MOST_AGENTS).map(
        ({ agent, depth }) => html`<tr key=${agent.pid}>
        <td class="name"><div class="tree" style=${{ '--depth': Math.min(8, depth) }}>${agent.name} <span class="soft">${agent.pid}</span></div></td>
        <td class="name optional soft">${agent.tenant}</td>
        <td class="number">${count(agent.pending)}</td>
        <td class="number">${count(agent.running)}</td>
        <td class="number optional">${count(agent.finished)}</td>
        <td class="number">${dollars(agent.costUsd)}</td>
        <td class="number">${agent.pid !== link.pid && html`<button onClick=${() => onKill(agent)} aria-label=${`Kill ${agent.name}`}>kill</button>`}</td>
      </tr>`,
      )}</tbody>
    </table></div>
    ${more > 0 && html`<p class="empty">and ${count(more)} more</p>`}
  <//>`;
}

/** Agents below the one that started them. */
function treeOf(agents) {
  const children = new Map();
  const pids = new Set(agents.map(({ pid }) => pid));
  for (const agent of agents) {
    const parent = pids.has(agent.parent) ? agent.parent : undefined;
    children.set(parent, [...(children.get(parent) ?? []), agent]);
  }
  const rows = [];
  const walk = (parent, depth) => {
    for (const agent of children.get(parent) ?? []) {
      rows.push({ agent, depth });
      walk(agent.pid, depth + 1);
    }
  };
  walk(undefined, 0);
  return rows;
}

const KINDS = [
  ['core', 'cores'],
  ['agent', 'agents'],
  ['tenant', 'tenants'],
  ['token', 'budgets'],
];

export function Costs({ view }) {
  const [by, setBy] = useState('core');
  const rows = view.costs.filter((row) => row.by === by).sort((a, b) => b.usd - a.usd);
  const most = Math.max(...rows.map(({ usd }) => usd), 1e-12);
  const total = view.kernel?.stats.usage.costUsd;
  const tabs = html`<${Tabs} label="Costs by" value=${by} onChange=${setBy} of=${KINDS} />`;
  return html`<${Panel} class="costs" title="Costs" note=${`${dollars(total)} since boot`} more=${tabs}>
    ${
      rows.length === 0
        ? html`<p class="empty">Nothing was spent yet.</p>`
        : html`<div class="scroll"><table>
        <thead><tr>
          <th>Name</th><th></th><th class="number">Today</th><th class="number">Since boot</th>
          <th class="number">${by === 'token' ? 'Left' : 'Requests'}</th>
        </tr></thead>
        <tbody>${rows.map(
          ({ key, name, requests, usd, todayUsd, budgets }) => html`<tr key=${key}>
          <td class="name">${name}</td>
          <td><div class="bar"><i style=${{ width: `${(100 * usd) / most}%` }}></i></div></td>
          <td class="number">${dollars(todayUsd)}</td>
          <td class="number">${dollars(usd)}</td>
          <td class="number">${by === 'token' ? leftOf(budgets) : count(requests)}</td>
        </tr>`,
        )}</tbody>
      </table></div>`
    }
  <//>`;
}

const PERIOD = { total: '', day: ' today', month: ' this month' };

/** What each budget of a token leaves. */
function leftOf(budgets) {
  if (budgets === undefined) return 'no limit';
  return budgets.map(({ per, usd, spentUsd }) => dollars(Math.max(0, usd - spentUsd)) + PERIOD[per]).join(', ');
}

function Tabs({ label, of, value, onChange }) {
  return html`<span class="tabs" role="group" aria-label=${label}>
    ${of.map(([key, name]) => html`<button aria-pressed=${key === value} onClick=${() => onChange(key)}>${name}</button>`)}
  </span>`;
}
