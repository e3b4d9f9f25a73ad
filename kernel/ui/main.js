import { count, dollars } from './format.js';
import { History } from './history.js';
import { Link } from './link.js';
import { Agents, Cores, Costs, Decisions, Kernel, Policy, Queues } from './panels.js';
import { html, render, useEffect, useRef, useState } from './preact.js';

const NOTICES = {
  lost: 'The connection to the kernel was lost. What you see is from before; it is tried again.',
  ended: 'This page was killed as a process of the kernel. Reload it to come back.',
};

const history = new History();
const root = document.getElementById('app');
const link = new Link(() => {
  history.add(link.view);
  render(html`<${App} />`, root);
});

function App() {
  const { status, view } = link;
  const [victim, setVictim] = useState(undefined);
  if (status === 'token') return html`<${Login} />`;
  return html`
    <${Head} view=${view} />
    ${NOTICES[status] && html`<p class="notice" role="status">${NOTICES[status]}</p>`}
    ${
      view.kernel !== undefined &&
      html`<main>
      <div class="stack left">
        <${Cores} view=${view} />
        <${Queues} view=${view} history=${history} />
      </div>
      <div class="stack right">
        <${Policy} view=${view} history=${history} />
        <${Kernel} view=${view} />
      </div>
      <${Decisions} view=${view} link=${link} />
      <${Agents} view=${view} link=${link} onKill=${setVictim} />
      <${Costs} view=${view} />
    </main>`
    }
    ${victim !== undefined && html`<${Kill} agent=${victim} onDone=${() => setVictim(undefined)} />`}
  `;
}

function Head({ view }) {
  const { policy, agents, syscalls, usage } = view.kernel?.stats ?? {};
  const perHour = view.cores.reduce((sum, { usdPerHour }) => sum + usdPerHour, 0);
  const facts = [
    ['agents', count(agents)],
    ['pending', count(syscalls?.pending)],
    ['running', count(syscalls?.running)],
    ['done', count(syscalls?.done)],
    ['spent', dollars(usage?.costUsd)],
    ['per hour', dollars(perHour)],
  ];
  return html`<header>
    <h1><img src="icon.svg" alt="" />eccos ${policy !== undefined && html`<span class="policy">policy ${policy}</span>`}</h1>
    ${
      policy !== undefined &&
      html`<dl class="facts">
      ${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}
    </dl>`
    }
  </header>`;
}

function Login() {
  const input = useRef(null);
  useEffect(() => input.current.focus(), []);
  const submit = (event) => {
    event.preventDefault();
    link.useToken(input.current.value);
  };
  return html`<div class="login"><form onSubmit=${submit}>
    <label for="token">Token of this kernel</label>
    <input id="token" type="password" autocomplete="current-password" required ref=${input} />
    <span class="soft">Kept in this tab only.</span>
    <button class="primary">Connect</button>
  </form></div>`;
}

/** Asks before it ends an agent with all that descend from it. */
function Kill({ agent, onDone }) {
  const dialog = useRef(null);
  const [fault, setFault] = useState('');
  useEffect(() => dialog.current.showModal(), []);
  const kill = () => link.request('agent.kill', { pid: agent.pid }).then(onDone, ({ message }) => setFault(message));
  return html`<dialog ref=${dialog} onClose=${onDone} aria-label="Kill an agent">
    <p>End <b class="name">${agent.name}</b> (pid ${agent.pid}) and all agents that it has started? Their open calls are cancelled.</p>
    ${fault && html`<p role="alert">${fault}</p>`}
    <p><button autofocus onClick=${() => dialog.current.close()}>Keep</button><button class="danger" onClick=${kill}>Kill</button></p>
  </dialog>`;
}

link.open();
