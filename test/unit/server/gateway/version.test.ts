import { VersionAnswerSchema } from '@halibut-gateway/schemas'
import { Value } from '@sinclair/typebox/value'
import { expect, test } from 'vitest'
import { buildUnitGateway } from '../../../support/unit-gateway.ts'

const agents = { thumbprint: 'A'.repeat(40), host: '0.0.0.0', port: 10_943 }

test('/version tells everybody what runs, and who is signed in what a polling agent is set up with', async () => {
  const app = await buildUnitGateway({ version: '1.2.3', agents: () => agents })
  const get = async (authorization?: string) => {
    const response = await app.inject({ url: '/version', headers: { host: 'gateway.example', ...(authorization && { authorization }) } })
    return [response.statusCode, response.json()] as const
  }
  const shown = [await get(), await get('Bearer hgw_start_test')]
  expect(shown).toEqual([
    [200, { name: 'halibut-gateway', version: '1.2.3' }],
    [200, { name: 'halibut-gateway', version: '1.2.3', agents }],
  ])
  for (const [, answer] of shown) expect([...Value.Errors(VersionAnswerSchema, answer)]).toEqual([])
  expect(await get('Bearer hgw_start_other')).toMatchObject([401, { kind: 'unauthorized' }])
  await app.close()
})
