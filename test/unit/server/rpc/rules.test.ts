import { method, service } from '@halibut-gateway/schemas/contract'
import { expect, test, vi } from 'vitest'
import { Access } from '../../../../server/src/access/access.ts'
import { gatewayLimits } from '../../../../server/src/base/limits.ts'
import { AgentDirectory } from '../../../../server/src/fleet/agent-directory.ts'
import { ContractDirectory } from '../../../../server/src/fleet/contract-directory.ts'
import type { CallContext } from '../../../../server/src/rpc/call-context.ts'
import { rulesMethods } from '../../../../server/src/rpc/methods/rules.ts'

/** The methods of a gateway with so many sign-ins, agents, and methods of them. */
function rulesOf({ signIns = 1, agents = 1, calls = 1 }) {
  const directory = new AgentDirectory()
  for (let n = 0; n < agents; n++) directory.add({ id: `a${n}`, uri: `poll://a${n}/`, thumbprint: 'A'.repeat(40) })
  const contracts = new ContractDirectory()
  contracts.add(service('IMany', Object.fromEntries(Array.from({ length: calls }, (_, n) => [`M${n}`, method([])]))))
  const principals = Array.from({ length: signIns }, (_, n) => ({ name: `n${n}`, role: 'operator' }) as const)
  const methods = rulesMethods({ access: new Access(), directory, contracts, principals: () => principals })
  const stop = new AbortController()
  const context = { signal: stop.signal, principal: { name: 'ann', role: 'admin' } } as unknown as CallContext
  return { stop, preview: () => methods['rules.preview']({ document: { rules: [] } }, context) }
}

test('a preview that would take too long is refused before it begins, with what makes it large', async () => {
  const { preview } = rulesOf({ signIns: 1_000, agents: 1_001, calls: 9 })
  await expect(preview()).rejects.toMatchObject({
    kind: 'too_much_work',
    message: expect.stringContaining('1000 sign-ins, 1001 agents and 9 methods are 10010000 questions'),
  })
})

test('a preview leaves others their turns, ends when nobody waits for it any more, and only some are worked out at a time', async () => {
  const { stop, preview } = rulesOf({ signIns: 200, agents: 1_000, calls: 49 })
  let turns = 0
  let isOver = false
  const turn = (): void => {
    turns++
    if (!isOver) setImmediate(turn)
  }
  setImmediate(turn)
  const previews = Array.from({ length: gatewayLimits.rulePreviews }, preview)
  await expect(preview()).rejects.toMatchObject({ kind: 'too_many_calls' })
  for (let n = 0; n < 20; n++) await new Promise(setImmediate)
  stop.abort(new Error('nobody waits'))
  expect(await Promise.allSettled(previews)).toEqual(previews.map(() => ({ status: 'rejected', reason: new Error('nobody waits') })))
  isOver = true
  expect(turns).toBeGreaterThan(10)
  // There is room again.
  await expect(preview()).rejects.toThrow('nobody waits')
})

test('a preview that takes too long all the same ends', async () => {
  const now = performance.now.bind(performance)
  let jumpMs = 0
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now() + jumpMs)
  try {
    const { preview } = rulesOf({ signIns: 200, agents: 1_000, calls: 49 })
    const previewing = preview()
    jumpMs = gatewayLimits.rulePreviewMs
    await expect(previewing).rejects.toMatchObject({ kind: 'too_much_work', message: 'the preview was not worked out within 60 s' })
  } finally {
    clock.mockRestore()
  }
})
