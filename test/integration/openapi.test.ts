import { type MethodEntry, methods } from '@halibut-gateway/schemas'
import { Validator } from '@seriousme/openapi-schema-validator'
import { expect, test } from 'vitest'
import type {} from '../../server/src/gateway/plugins/route-documents.ts'
import { Metrics } from '../../server/src/telemetry/metrics.ts'
import { createGatewayWorld } from '../support/gateway.ts'
import { OpenApi } from '../support/openapi.ts'
import { buildUnitGateway } from '../support/unit-gateway.ts'

async function documentOf(origin: string): Promise<Record<string, unknown>> {
  return (await (await fetch(`${origin}/openapi.json`)).json()) as Record<string, unknown>
}

test('the OpenAPI document needs no sign-in, is a valid one, and has every method of the map that is over HTTP', async () => {
  await using world = await createGatewayWorld()
  const document = await documentOf(world.origin)
  const validator = new Validator()
  expect(await validator.validate(structuredClone(document))).toEqual({ valid: true })
  expect(validator.version).toBe('3.1')
  expect(await new Validator().validate({ ...document, paths: { 'no-slash': {} } })).toMatchObject({ valid: false })
  const { operations } = new OpenApi(document)
  const wanted = (Object.entries(methods) as [string, MethodEntry][]).filter(([, entry]) => entry.http !== undefined)
  expect(operations.map(({ operationId }) => operationId)).toEqual(expect.arrayContaining(wanted.map(([name]) => name)))
})

test('every route is described, but for the socket, the page of the description and the files of the page', async () => {
  const app = await buildUnitGateway({ metrics: new Metrics('0.0.0') })
  const { operations } = new OpenApi((await app.inject({ url: '/openapi.json', headers: { host: 'gateway.example' } })).json())
  const described = operations.map(({ verb, path }) => `${verb} ${path}`)
  const there = app.knownRoutes.map(({ verb, path }) => `${verb} ${path.replaceAll(/:(\w+)/g, '{$1}')}`)
  expect(there.filter(route => !described.includes(route))).toEqual(['GET /openapi', 'GET /openapi.css', 'GET /rpc'])
  expect(described.filter(route => !there.includes(route))).toEqual([])
  await app.close()
})

test('whoever signs in is told what that role may ask', async () => {
  await using world = await createGatewayWorld()
  const response = await fetch(`${world.origin}/openapi.json`, { headers: { authorization: 'Bearer viewer' } })
  const shown = new OpenApi((await response.json()) as Record<string, unknown>).operations.map(({ operationId }) => operationId)
  expect([shown.includes('agents.list'), shown.includes('agent.invoke')]).toEqual([true, false])
})

test('the description is a page without a script, with a place for every operation', async () => {
  await using world = await createGatewayWorld()
  const page = await (await fetch(`${world.origin}/openapi`)).text()
  for (const { operationId, path } of new OpenApi(await documentOf(world.origin)).operations) {
    expect(page).toContain(`<section id="${operationId.replaceAll(/[^\w.]+/g, '-')}">`)
    expect(page).toContain(path)
  }
  expect(page).not.toMatch(/<script|<style| style=| on\w+=/i)
  const places = new Set([...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id))
  expect([...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id).filter(id => !places.has(id))).toEqual([])
})
