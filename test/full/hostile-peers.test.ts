import { expect, test } from 'vitest'
import { attackRuntime, hostileRoles } from '../support/hostile-peers.ts'

for (const role of hostileRoles) {
  test(`60 s of a hostile ${role} end its own connections and nothing else`, async ({ task }) => {
    const { attacks = 0, honestCalls = 0, ...reasons } = await attackRuntime(role, { attacks: 1_000_000, milliseconds: 60_000 })
    expect(attacks).toBeGreaterThan(1_000)
    expect(honestCalls).toBeGreaterThan(attacks)
    task.meta.figures = JSON.stringify({ attacks, honestCalls, ...reasons })
  })
}
