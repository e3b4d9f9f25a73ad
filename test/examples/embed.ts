import { bootKernel, ContainerModule, defaultConfig, type Journal, PART } from 'eccos-kernel/kernel';

/** Prints each fact about a call before the agent hears of it. */
const journal: Journal = {
  append: async ({ id, type }) => console.log(id, type),
  close: async () => {},
};
const mine = new ContainerModule(({ rebind }) => {
  rebind(PART.journal).toConstantValue(journal);
});

const kernel = await bootKernel(defaultConfig(), { modules: [mine] });
kernel.events.on('started', ({ core }) => console.log('started on', core));
const agent = kernel.connect({ name: 'embedded' });
const reply = await agent.call('llm.chat', { messages: [{ role: 'user', content: 'Hello' }] });
console.log('answered by', reply.core);
await kernel.stop();
