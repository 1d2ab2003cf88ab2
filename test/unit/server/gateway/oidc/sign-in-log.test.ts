import { expect, test } from 'vitest'
import { gatewayLimits } from '../../../../../server/src/base/limits.ts'
import { oidcOptions } from '../../../../../server/src/gateway/oidc/options.ts'
import { readSettings } from '../../../../../server/src/settings/load.ts'
import { buildUnitGateway } from '../../../../support/unit-gateway.ts'

test('sign-ins that fail, which anybody can cause, are told in as many lines as are allowed', async () => {
  const { settings } = readSettings({
    flags: ['--oidc-issuer', 'https://login.example/', '--oidc-client-id', 'page'],
    environment: {},
  })
  const lines: string[] = []
  const app = await buildUnitGateway({ oidc: oidcOptions(settings), log: (_level, message) => void lines.push(message) })
  const ask = () => app.inject({ url: '/oidc/callback?state=guessed&code=x', headers: { host: 'gateway.example' } })
  const statuses = new Set<number>()
  for (let i = 0; i < gatewayLimits.pageSignInLines + 20; i++) statuses.add((await ask()).statusCode)
  expect([[...statuses], lines.length, new Set(lines)]).toEqual([
    [401],
    gatewayLimits.pageSignInLines,
    new Set(['a sign-in at the page failed']),
  ])
  await app.close()
})
