// The queues between orchestrator and hosts, when the server tells them.
// @ts-check
import { html } from '../html.mjs';
import { Rows } from './workers.mjs';

export default () => html`<${Rows} path="v1/queues" title="Queues" note="what waits between orchestrator and hosts" icon="queue" none="Nothing waits." first=${['name', 'queue', 'ready', 'delayed', 'in_flight', 'oldest_seconds', 'dead_letters']} />`;
