import { expect, test } from 'vitest'
import { readSettings } from '../../../../server/src/settings/load.ts'
import { allSettings } from '../../../../server/src/settings/schema.ts'
import { settingsHelp, shownSettings } from '../../../../server/src/settings/show.ts'

test('settings are shown with where each came from, and a secret only as being there', () => {
  const environment = { HALIBUT_GATEWAY_IDENTITY: 'me.pfx', HALIBUT_GATEWAY_IDENTITY_PASSWORD: 'hunter2' }
  const shown = shownSettings(readSettings({ flags: ['--port', '1'], environment }))
  expect(shown.map(({ name }) => name)).toEqual(allSettings.map(({ name }) => name))
  expect(shown.filter(({ from }) => from !== 'default')).toEqual([
    { name: 'port', value: 1, from: 'flag', place: '--port' },
    { name: 'identity', value: 'me.pfx', from: 'environment', place: 'HALIBUT_GATEWAY_IDENTITY' },
    { name: 'identityPassword', value: '***', from: 'environment', place: 'HALIBUT_GATEWAY_IDENTITY_PASSWORD' },
  ])
  expect(JSON.stringify(shown)).not.toContain('hunter2')
})

test('a secret that is not set is shown as that', () => {
  const shown = shownSettings(readSettings({ flags: [], environment: {} }))
  expect(shown.find(({ name }) => name === 'identityPassword')).toMatchObject({ value: '', from: 'default' })
})

test('the help has a line for each flag, none of which takes a secret', () => {
  const flags = [...settingsHelp().matchAll(/^ {2}(--[a-z-]+) +\S/gm)].map(([, flag]) => flag)
  const expected = allSettings.flatMap(({ flag, pathFlag }) => flag ?? pathFlag ?? [])
  expect(flags).toEqual([...expected, '--config'])
  expect(flags).toContain('--identity-password-file')
  expect(flags).not.toContain('--identity-password')
})
