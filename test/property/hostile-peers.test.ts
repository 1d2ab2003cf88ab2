import { expect, test } from 'vitest'
import { attackRuntime, hostileRoles } from '../support/hostile-peers.ts'

// At the same time: most of it is waiting for peers that fall silent.
for (const role of hostileRoles) {
  test.concurrent(`a hostile ${role} ends its own connection and nothing else`, { timeout: 60_000 }, async ({ task }) => {
    const { attacks = 0, honestCalls = 0, ...reasons } = await attackRuntime(role, { attacks: 250, milliseconds: 3_500 })
    expect(honestCalls).toBeGreaterThan(attacks)
    expect(Object.keys(reasons)).toEqual(expect.arrayContaining(['protocol_error', 'message_too_large', 'io_timeout', 'connection_lost']))
    task.meta.figures = JSON.stringify({ attacks, honestCalls, ...reasons })
  })
}
