import { ContainerModule } from 'inversify';
import { AiosDoor } from './doors/aios/aios-door.js';
import { AnthropicDoor } from './doors/anthropic/anthropic-door.js';
import { FeedbackDoor } from './doors/feedback/feedback-door.js';
import { HealthDoor } from './doors/health/health-door.js';
import { HttpDoor } from './doors/http/http-door.js';
import { InProcessDoor } from './doors/in-process.js';
import { HttpListener } from './doors/listener.js';
import { MetricsDoor } from './doors/metrics/metrics-door.js';
import { OpenAIDoor } from './doors/openai/openai-door.js';
import { RequestRates } from './doors/request-rates.js';
import { UiDoor } from './doors/ui/ui-door.js';
import { ViewDoor } from './doors/ui/view-door.js';
import { Unfinished } from './doors/unfinished.js';
import { WorkTurns } from './doors/work-turns.js';
import { WsDoor } from './doors/ws/ws-door.js';
import { OWN, PART, wirer } from './parts.js';
import { bootId } from './random.js';
import { Exposition } from './telemetry/exposition.js';

/** The listener, and every door behind it. */
export const doors = new ContainerModule(({ bind }) => {
  const wire = wirer(bind);
  const { config, log, clock, events, door } = PART;
  const { auth, limits, kernel, listener, exposition, turns, rates, held, unfinished } = OWN;
  bind(turns).toResolvedValue((clock) => new WorkTurns(clock), [clock]);
  bind(rates).toResolvedValue((clock, limits) => new RequestRates(clock, limits), [clock, limits]);
  bind(unfinished).toResolvedValue((limits) => new Unfinished(() => limits().pendingBytes / 2), [limits]);
  wire(listener, HttpListener, { config, auth, log, limits });
  wire(exposition, Exposition, { config, events, kernel, listener, journal: PART.journal, cluster: OWN.node });
  bind(OWN.inProcess).toResolvedValue(() => new InProcessDoor());
  bind(door).toService(OWN.inProcess);
  wire(door, WsDoor, { clock, log, limits, turns, rates, held, unfinished });
  bind(OWN.http).toResolvedValue(
    (clock, log, limits, turns, rates, held, unfinished) =>
      new HttpDoor({
        ...{ clock, log, limits, turns, rates, held, unfinished },
        requestId: numbered(`req_${bootId()}`),
      }),
    [clock, log, limits, turns, rates, held, unfinished],
  );
  bind(door).toService(OWN.http);
  wire(door, OpenAIDoor, { http: OWN.http, clock });
  for (const Api of [AnthropicDoor, AiosDoor, FeedbackDoor]) wire(door, Api, { http: OWN.http });
  bind(OWN.readiness).toResolvedValue((kernel, node) => node ?? kernel, [kernel, OWN.node]);
  bind(OWN.views).toResolvedValue((watchers, node) => node ?? watchers, [OWN.watchers, OWN.node]);
  wire(door, HealthDoor, { kernel: OWN.readiness });
  wire(door, MetricsDoor, { config, log, exposition });
  wire(door, ViewDoor, { watchers: OWN.views });
  bind(door).toResolvedValue(() => new UiDoor());
});

function numbered(name: string): () => string {
  let last = 0;
  return () => `${name}${++last}`;
}
