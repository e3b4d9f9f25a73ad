/** A server-sent event (https://html.spec.whatwg.org/multipage/server-sent-events.html). @param name of the event; APIs that have none leave it out */
export function serverEvent(data: object, name?: string): string {
  const line = `data: ${JSON.stringify(data)}\n\n`;
  return name === undefined ? line : `event: ${name}\n${line}`;
}

/** A line that readers of events pass over. */
export function comment(text: string): string {
  return `: ${text}\n\n`;
}
