import type { Page } from 'playwright-core'

/** Saved calls of which all sorts of things come, for a fleet with the agent web-1. */
const call = (name: string, more: object): object => ({
  name,
  agent: '{{agent}}',
  service: 'IEchoService',
  method: 'SayHello',
  args: ['{{who}}'],
  ...more,
})
const collection = {
  format: 'halibut-gateway-collection',
  version: 1,
  name: 'After a deployment',
  description: 'What has to be so before anybody is told that it is done',
  variables: {
    agent: { value: 'web-1' },
    who: { value: 'Ada', description: 'who is greeted' },
    password: { secret: true, description: 'each run has to say it' },
  },
  calls: [
    call('Greets', { assertions: [{ path: '$', matches: '^Hello Ada' }, { fasterThanMs: 5_000 }] }),
    call('Adds', {
      service: 'ICalculatorService',
      method: 'Add(int64,int64)',
      args: ['40', '2'],
      assertions: [{ path: '$', equals: 43 }],
    }),
    call('Keeps the password to itself', { args: ['{{password}}'] }),
    call('Does not divide by zero', {
      agent: undefined,
      tag: 'role=web',
      service: 'ICalculatorService',
      method: 'Divide',
      args: ['1', '0'],
      timeoutMs: 2_000,
      assertions: [{ error: 'service_failed' }],
    }),
  ],
}

/** Takes them into a page of saved calls that has none yet. */
export async function takeInCollection(page: Page): Promise<void> {
  if ((await page.locator('[data-saved]').count()) > 0) return
  const file = { name: 'deployment.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(collection)) }
  await page.locator('input[type=file]').setInputFiles(file)
  await page.locator('[data-saved=Greets]').waitFor()
}

/** A call of them as a link holds it. */
export const linkToCall = Buffer.from(JSON.stringify({ ...collection, calls: collection.calls.slice(0, 1) })).toString('base64url')
