import { errorTable } from '@halibut-gateway/schemas/wire'
import fastify from 'fastify'
import { expect, test } from 'vitest'
import { silentLog } from '../../../../server/src/base/log.ts'
import { errorHandler } from '../../../../server/src/gateway/plugins/error-handler.ts'

const json = { 'content-type': 'application/json' }

test.each([
  [404, 'not_found', { url: '/nowhere' }],
  [413, 'message_too_large', { headers: json, payload: JSON.stringify('x'.repeat(200)) }],
  [415, 'unsupported_media_type', { headers: { 'content-type': 'text/x' }, payload: 'x' }],
  [400, 'parse_error', { headers: json, payload: '{' }],
  [400, 'invalid_request', { headers: json, payload: '' }],
] as const)('an HTTP %i is a problem of the kind %s, titled as the table has it', async (status, kind, request) => {
  const app = fastify({ bodyLimit: 100 })
  await app.register(errorHandler, { log: silentLog })
  app.post('/here', async () => ({}))
  const response = await app.inject({ method: 'POST', url: '/here', ...request })
  await app.close()
  const { meaning, status: ofTable } = errorTable[kind]
  expect(response.json()).toMatchObject({ status, kind, type: `/problems/${kind}`, title: meaning })
  expect([response.statusCode, ofTable]).toEqual([status, status])
})
