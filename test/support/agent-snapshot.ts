import type { AgentSnapshot } from '@halibut-gateway/schemas'

/** An agent as the gateway tells it to the page. */
export function agentSnapshot(id: string, change: Partial<AgentSnapshot> = {}): AgentSnapshot {
  return {
    id,
    name: id,
    mode: 'polling',
    uri: `poll://${id}/`,
    thumbprint: 'A'.repeat(40),
    state: 'connected',
    since: '2030-01-01T00:00:00.000Z',
    reason: 'polls this gateway',
    connections: 1,
    services: [],
    tags: [],
    version: '1',
    readOnly: false,
    ...change,
  }
}
