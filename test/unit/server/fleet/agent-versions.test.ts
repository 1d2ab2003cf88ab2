import { expect, test } from 'vitest'
import { type AgentDefinition, AgentDirectory } from '../../../../server/src/fleet/agent-directory.ts'

const definition: AgentDefinition = { id: 'a', uri: 'https://10.0.0.1:1/', thumbprint: 'A'.repeat(40) }

/** The version of an agent that was added as this. */
const versionOf = (changes: Partial<AgentDefinition>): string => new AgentDirectory().add({ ...definition, ...changes }).version

test('each change of what is said about an agent is another version, and the same is the same one, also after a restart', () => {
  const versions = [
    {},
    { name: 'x' },
    { uri: 'https://10.0.0.1:2/' },
    { thumbprint: 'B'.repeat(40) },
    { services: ['S'] },
    { tags: ['t'] },
    { disabled: true },
    { disabled: true, disabledReason: 'why' },
  ].map(versionOf)
  expect(new Set(versions).size).toBe(versions.length)
  expect(versionOf({ name: 'a', tags: [], services: [], disabled: false })).toBe(versions[0])
})

test('what happens to an agent is no other version', () => {
  const directory = new AgentDirectory()
  const { version } = directory.add(definition)
  directory.report('a', { type: 'reached', how: 'it answered' }, { connections: 2 })
  expect(directory.require('a').version).toBe(version)
  expect(directory.update({ ...definition, name: 'x' }).version).toBe(versionOf({ name: 'x' }))
})
