import { connect } from 'eccos-kernel';

const client = await connect({ url: 'ws://127.0.0.1:8787', name: 'my-agent' });
const reply = await client.chat({ messages: [{ role: 'user', content: 'Hello' }], deadlineMs: 30_000 });
console.log(reply.text, reply.core, reply.reason, reply.costUsd);
await client.feedback(reply.syscallId, 1); // a rating from 0 to 1, once for each answer: eccos learns from it

const stream = client.stream({ messages: [{ role: 'user', content: 'Tell me more' }] });
for await (const { text } of stream) process.stdout.write(text); // leaving the loop cancels the call
await client.close();
